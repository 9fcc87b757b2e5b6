using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;
using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings.Conformance;

internal sealed class IndexPublishedUnderTest<TIndexing>(IndexRig<TIndexing> rig, bool locked = false) : IRingUnderTest
    where TIndexing : struct, IIndexing
{
    public int Capacity => (int)rig.Core.Capacity;

    public int SoftLimit => (int)rig.Core.SoftLimit;

    public int Used => (int)rig.Core.Used;

    public ulong FullPushes => rig.Core.Control.FullPushes;

    public ulong RefusedPages => rig.Resetter.RefusedPages;

    public PushResult TryPush(uint slot, ulong offset) =>
        locked ? rig.Core.TryPushLocked(slot, offset) : rig.Producer.TryPush(slot, offset);

    public int Harvest(Span<DirtyGfn> destination) => rig.Harvester.Harvest(destination);

    public int Harvest<TSink>(ref TSink sink, int maximum = int.MaxValue)
        where TSink : struct, IDirtyEntrySink => rig.Harvester.Harvest(ref sink, maximum);

    public BorrowedEntries Borrow(int maximum = int.MaxValue) => rig.Harvester.Borrow(maximum);

    public ResetResult Reset<TTarget>(
        ref TTarget target, int maximum = int.MaxValue, OutOfRangePolicy policy = default, CancellationToken stop = default)
        where TTarget : struct, IResetTarget => rig.Resetter.Reset(ref target, maximum, policy, stop);

    public ResetResult Reset<TTarget, TRefused>(ref TTarget target, ref TRefused refused, OutOfRangePolicy policy)
        where TTarget : struct, IResetTarget
        where TRefused : struct, IDirtyEntrySink => rig.Resetter.Reset(ref target, ref refused, policy: policy);

    public void Dispose() => rig.Dispose();
}
