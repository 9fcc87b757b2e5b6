using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings.Mistakes;

/// <summary>The coalescer of the ring's first posting, whose distance between two pages is a number of 32 bits: one of P17's mutations.</summary>
internal static class TruncatingCoalescer
{
    public static List<ResetBatch> Coalesce(IReadOnlyList<(uint Slot, ulong Offset)> entries)
    {
        List<ResetBatch> batches = [];
        foreach ((uint slot, ulong offset) in entries)
        {
            if (batches.Count > 0 && Join(batches[^1], slot, offset) is { } grown)
                batches[^1] = grown;
            else
                batches.Add(new ResetBatch(slot, offset, 1));
        }

        return batches;
    }

    private static ResetBatch? Join(ResetBatch batch, uint slot, ulong offset)
    {
        int delta = unchecked((int)(offset - batch.BaseOffset));
        if (slot != batch.Slot)
            return null;
        if (delta is >= 0 and < 64)
            return batch with { Mask = batch.Mask | (1ul << delta) };
        return delta is > -64 and < 0 && (batch.Mask << -delta) >> -delta == batch.Mask ? new ResetBatch(slot, offset, (batch.Mask << -delta) | 1) : null;
    }
}
