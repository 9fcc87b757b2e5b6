using RingKit.Mmu.HashTable;

namespace RingKit.Bench.HashTable;

/// <summary>A guest and its table.</summary>
/// <param name="Mebibytes">The guest's memory: a power of two.</param>
/// <param name="PageShift">log2 of the pages of guest and host: 12 or 16.</param>
/// <param name="Ratio">The guest's memory as a multiple of its table: a power of two.</param>
/// <param name="Order">How its frames lie among its virtual addresses.</param>
internal sealed record GuestShape(int Mebibytes, int PageShift, int Ratio, FrameOrder Order)
{
    public ulong Pages => ((ulong)Mebibytes << 20) >> PageShift;

    public int TableOrder => Math.Max(HptGeometry.MinimumOrder, int.Log2(Mebibytes) + 20 - int.Log2(Ratio));

    public string Text =>
        $"{Size}, {1 << (PageShift - 10)}K pages, table 1/{Ratio}{(Order == FrameOrder.InSequence ? ", frames in sequence" : "")}";

    public string Size => Mebibytes >= 1024 ? $"{Mebibytes >> 10} GiB" : $"{Mebibytes} MiB";
}
