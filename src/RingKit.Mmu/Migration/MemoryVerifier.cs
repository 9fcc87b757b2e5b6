using RingKit.Memory;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration;

/// <summary>Compares guest memories byte for byte.</summary>
public static class MemoryVerifier
{
    private const ulong ChunkPages = 256;

    /// <summary>Compares two memories at the speed of the machine's own.</summary>
    /// <param name="source">One. No vCPU runs in it.</param>
    /// <param name="destination">The other, with the same slots.</param>
    /// <returns>Where they differ.</returns>
    /// <exception cref="ArgumentNullException">One is missing.</exception>
    /// <exception cref="ArgumentException">They do not have the same slots.</exception>
    public static MemoryDifference Compare(GuestMemory source, GuestMemory destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        if (!source.Slots.Select(Layout).SequenceEqual(destination.Slots.Select(Layout)))
            throw new ArgumentException("The memories do not have the same slots.", nameof(destination));

        var difference = default(MemoryDifference);
        foreach ((MemorySlot one, MemorySlot other) in source.Slots.Zip(destination.Slots))
            Compare(one, other, ref difference);
        return difference;
    }

    private static (uint Id, ulong BaseGfn, ulong Pages) Layout(MemorySlot slot) => (slot.Id, slot.BaseGfn, slot.PageCount);

    private static void Compare(MemorySlot one, MemorySlot other, ref MemoryDifference difference)
    {
        for (ulong first = 0; first < one.PageCount; first += ChunkPages)
        {
            ulong pages = Math.Min(ChunkPages, one.PageCount - first);
            if (!Pages(one, first, pages).SequenceEqual(Pages(other, first, pages)))
                ComparePages(one, other, first, pages, ref difference);
            difference = difference with { PagesCompared = difference.PagesCompared + (long)pages };
        }
    }

    private static void ComparePages(MemorySlot one, MemorySlot other, ulong first, ulong pages, ref MemoryDifference difference)
    {
        for (ulong page = first; page < first + pages; page++)
        {
            int same = Pages(one, page, 1).CommonPrefixLength(Pages(other, page, 1));
            if (same == GuestPage.Size)
                continue;
            if (difference.FirstSlot is null)
                difference = difference with { FirstSlot = one.Id, FirstGfn = one.BaseGfn + page, FirstByte = same };
            difference = difference with { DifferentPages = difference.DifferentPages + 1 };
        }
    }

    private static ReadOnlySpan<byte> Pages(MemorySlot slot, ulong first, ulong count)
    {
        NativeView<byte> memory = slot.Memory;
        return memory.Slice((nuint)first << GuestPage.Shift, (nuint)count << GuestPage.Shift).AsSpan();
    }
}
