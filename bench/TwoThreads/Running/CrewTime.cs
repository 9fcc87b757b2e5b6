namespace RingKit.Bench.TwoThreads.Running;

/// <summary>How long a crew took.</summary>
/// <param name="Elapsed">From the first thread's start to the last one's end.</param>
/// <param name="Switches">How often one of them lost its core to another thread of this machine while it could have gone on, a yield included.</param>
internal readonly record struct CrewTime(TimeSpan Elapsed, long Switches);
