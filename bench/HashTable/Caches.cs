using RingKit.Bench.Rivals;

namespace RingKit.Bench.HashTable;

/// <summary>Fills the caches with other memory, which is only read: lines that were written would be written back while the next thing is measured.</summary>
internal static class Caches
{
    // Eight times the last-level cache, of which a virtual machine has a part.
    private const int Words = (256 << 20) / sizeof(ulong);

    private static readonly ulong[] Other = MakeOther();

    /// <summary>What was read, so that it is.</summary>
    public static ulong Seen { get; private set; }

    public static void Evict() => Seen |= ReadKernel.OrAll(in Other[0], (nuint)Other.Length);

    // Memory that nobody has written is one page of zeros.
    private static ulong[] MakeOther()
    {
        ulong[] words = GC.AllocateUninitializedArray<ulong>(Words);
        Array.Fill(words, 1UL);
        return words;
    }
}
