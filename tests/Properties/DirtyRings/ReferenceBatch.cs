using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings;

/// <summary>A batch and the entries, from <paramref name="Start"/> up to <paramref name="End"/>, that it joins.</summary>
internal sealed record ReferenceBatch(ResetBatch Batch, int Start, int End)
{
    /// <summary>The pages of the batch, wrapped round where they pass 2^64.</summary>
    public IEnumerable<ulong> Pages()
    {
        for (int bit = 0; bit < 64; bit++)
        {
            if ((Batch.Mask >> bit & 1) != 0)
                yield return unchecked(Batch.BaseOffset + (uint)bit);
        }
    }
}
