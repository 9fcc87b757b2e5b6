using RingKit.Memory;

namespace RingKit.Bench.HashTable;

/// <summary>Fills the caches with other memory.</summary>
internal static class Caches
{
    // Twice the last-level cache, of which a virtual machine has a part.
    private const int Bytes = 64 << 20;

    private static readonly byte[] Other = new byte[Bytes];

    public static void Evict()
    {
        for (int i = 0; i < Bytes; i += CacheLine.Separation / 2)
            Other[i]++;
    }
}
