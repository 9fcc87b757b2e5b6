using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings;

/// <summary>
/// The rule of coalescing said another way, without shifts or guards: an entry joins the batch if slot and batch agree and all of the
/// batch's pages then lie within 64 neighbouring ones. Pages are numbers on a line, so that wrapping offsets need no care.
/// </summary>
internal static class ReferenceCoalescer
{
    public static List<ReferenceBatch> Coalesce(IReadOnlyList<(uint Slot, ulong Offset)> entries)
    {
        var batches = new List<ReferenceBatch>();
        var pages = new SortedSet<Int128>();
        int start = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            Int128 page = entries[i].Offset;
            if (pages.Count != 0)
            {
                // The way round the circle of 2^64 offsets is the shorter one.
                page = pages.Min + unchecked((long)(entries[i].Offset - (ulong)pages.Min));
                bool joins = entries[i].Slot == entries[start].Slot
                    && Int128.Max(pages.Max, page) - Int128.Min(pages.Min, page) < 64;
                if (!joins)
                {
                    batches.Add(Close(entries[start].Slot, pages, start, i));
                    start = i;
                    pages.Clear();
                    page = entries[i].Offset;
                }
            }

            pages.Add(page);
        }

        if (pages.Count != 0)
            batches.Add(Close(entries[start].Slot, pages, start, entries.Count));
        return batches;
    }

    private static ReferenceBatch Close(uint slot, SortedSet<Int128> pages, int start, int end)
    {
        ulong mask = 0;
        foreach (Int128 page in pages)
            mask += 1UL << (int)(page - pages.Min);
        return new ReferenceBatch(new ResetBatch(slot, unchecked((ulong)pages.Min), mask), start, end);
    }
}
