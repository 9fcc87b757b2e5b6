namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>The batches that are handed over.</summary>
internal static class Batch
{
    public const int Length = 64;

    public static void Fill(Span<Item> items, ulong first)
    {
        for (int i = 0; i < items.Length; i++)
            items[i] = new Item(first + (uint)i);
    }
}
