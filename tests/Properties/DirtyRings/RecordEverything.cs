using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings;

/// <summary>Accepts every batch, in a slot or not: the coalescing alone.</summary>
internal readonly struct RecordEverything : IResetPolicy<BatchRecorder>
{
    public static ulong Apply(ref BatchRecorder target, in ResetBatch batch)
    {
        target.Batches.Add(batch);
        return 0;
    }
}
