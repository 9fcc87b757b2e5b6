using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings.Conformance;

/// <summary>The contract of a dirty ring, whichever it is: its three roles in one place.</summary>
internal interface IRingUnderTest : IDisposable
{
    int Capacity { get; }

    int SoftLimit { get; }

    int Used { get; }

    ulong FullPushes { get; }

    ulong RefusedPages { get; }

    PushResult TryPush(uint slot, ulong offset);

    int Harvest(Span<DirtyGfn> destination);

    int Harvest<TSink>(ref TSink sink, int maximum = int.MaxValue)
        where TSink : struct, IDirtyEntrySink;

    BorrowedEntries Borrow(int maximum = int.MaxValue);

    ResetResult Reset<TTarget>(ref TTarget target, int maximum = int.MaxValue, OutOfRangePolicy policy = default, CancellationToken stop = default)
        where TTarget : struct, IResetTarget;

    ResetResult Reset<TTarget, TRefused>(ref TTarget target, ref TRefused refused, OutOfRangePolicy policy)
        where TTarget : struct, IResetTarget
        where TRefused : struct, IDirtyEntrySink;
}
