namespace RingKit.Cli.Replay;

/// <summary>One store of a trace, within one page.</summary>
/// <param name="Gpa">The guest-physical address.</param>
/// <param name="Size">How many bytes.</param>
internal readonly record struct TraceStore(ulong Gpa, ushort Size);
