using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>The batches that are handed over.</summary>
internal static class Batch
{
    public const int Length = 64;

    // By vectors of two items, as the C++ compiler does it for the rival: item by item this took three times as long as the ring.
    public static void Fill(Span<Item> items, ulong first)
    {
        var pair = Vector256.Create(first, first * Item.Factor, first + 1, (first + 1) * Item.Factor);
        var step = Vector256.Create(2, unchecked(2 * Item.Factor), 2, unchecked(2 * Item.Factor));
        foreach (ref Vector256<ulong> two in MemoryMarshal.Cast<Item, Vector256<ulong>>(items))
        {
            two = pair;
            pair += step;
        }

        if (items.Length % 2 != 0)
            items[^1] = new Item(first + (uint)items.Length - 1);
    }
}
