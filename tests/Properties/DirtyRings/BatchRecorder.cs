using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings;

/// <summary>Keeps the batches that a reset applies.</summary>
internal readonly struct BatchRecorder(List<ResetBatch> batches)
{
    public List<ResetBatch> Batches { get; } = batches;
}
