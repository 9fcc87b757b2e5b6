namespace RingKit.Bench.TwoThreads.Running;

/// <summary>How long a crew took.</summary>
/// <param name="Elapsed">From the first thread's start to the last one's end.</param>
/// <param name="Preemptions">How often one of them lost its core to another thread, of this machine, without asking for it.</param>
internal readonly record struct CrewTime(TimeSpan Elapsed, long Preemptions);
