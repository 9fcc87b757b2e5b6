using System.Runtime.InteropServices;

namespace RingKit.Bench.TwoThreads;

/// <summary>What every queue carries: 16 bytes, the second half a function of the first.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct Item(ulong sequence)
{
    /// <summary>Odd, so that no two sequence numbers have the same payload. The C++ rival has it too.</summary>
    public const ulong Factor = 0x9E37_79B9_7F4A_7C15;

    public readonly ulong Sequence = sequence;
    public readonly ulong Payload = sequence * Factor;
}
