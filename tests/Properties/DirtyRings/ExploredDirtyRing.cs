using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;

namespace RingKit.Properties.DirtyRings;

/// <summary>The slot-published dirty ring.</summary>
internal sealed class ExploredDirtyRing : ExploredStructure
{
    public override string Name => "slot-published dirty ring";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        DirtyRingProgram.ThreeThreads(capacity: 1, total: 2),
        DirtyRingProgram.TwoThreads(capacity: 2, total: 3),
        DirtyRingProgram.Borrowing(capacity: 1, total: 2),
        DirtyRingProgram.Observed(capacity: 4, total: 1),
        DirtyRingProgram.Attached(capacity: 1, total: 2),
    ];

    public override Gen<ModelProgram> Programs =>
        from capacity in Gen.Elements(1, 1, 2, 4)
        from isOneConsumer in Gen.Elements(true, false)
        from extra in Gen.Choose(0, 1)
        from start in Gen.Elements(0u, uint.MaxValue - 1)
        from harvests in Maxima(capacity, Gen.Elements(1, -1))
        from resets in Maxima(capacity, Gen.Constant(1))
        select (ModelProgram)DirtyRingProgram.Of(capacity, (2 * capacity) + extra, start, harvests, resets, isOneConsumer);

    internal static Gen<int[]> Maxima(int capacity, Gen<int> sign) =>
        from length in Gen.Choose(1, 3)
        from maxima in (from most in Gen.Choose(1, capacity + 1) from s in sign select most * s).ArrayOf(length)
        select maxima;
}
