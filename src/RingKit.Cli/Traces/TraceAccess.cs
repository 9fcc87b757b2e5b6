namespace RingKit.Cli.Traces;

/// <summary>One access of the traced program.</summary>
/// <param name="Address">The first byte's virtual address; <paramref name="Address"/> + <paramref name="Size"/> does not wrap.</param>
/// <param name="Line">The line of the trace, from 1.</param>
/// <param name="Size">From 1 to <see cref="MaximumSize"/> bytes.</param>
/// <param name="Kind">What it did.</param>
internal readonly record struct TraceAccess(ulong Address, long Line, ushort Size, TraceAccessKind Kind)
{
    public const int MaximumSize = 4096;
}
