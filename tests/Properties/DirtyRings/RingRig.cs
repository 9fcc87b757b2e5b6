using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Properties.DirtyRings;

/// <summary>A dirty ring over memory that the test sees, and may scribble into, with indices that start anywhere.</summary>
internal sealed class RingRig : IDisposable
{
    private readonly NativeBlock<DirtyGfn> _memory;

    public RingRig(int capacity, int reserve = 0, uint startIndex = 0)
    {
        StartIndex = startIndex;
        _memory = new NativeBlock<DirtyGfn>((nuint)capacity);
        Core = new DirtyRingCore<HardwareOrdering>(_memory.View, (uint)reserve, startIndex);
    }

    public uint StartIndex { get; }

    public DirtyRingCore<HardwareOrdering> Core { get; }

    public DirtyRingProducer Producer => new(Core);

    public DirtyRingHarvester Harvester => new(Core);

    public DirtyRingResetter Resetter => new(Core);

    public Span<DirtyGfn> Memory => _memory.View.AsSpan();

    /// <summary>The entry that an index, wrapped or not, stands for.</summary>
    public ref DirtyGfn At(uint index) => ref Memory[(int)(index & (Core.Capacity - 1))];

    /// <summary>Recycles harvested entries without any check and returns the batches.</summary>
    public List<ResetBatch> ResetUnchecked(int maximum = int.MaxValue)
    {
        var recorder = new BatchRecorder([]);
        Core.Reset<BatchRecorder, RecordEverything>(ref recorder, maximum);
        return recorder.Batches;
    }

    public void Dispose()
    {
        Core.Dispose();
        _memory.Dispose();
    }
}
