using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using RingKit.Rings;
using static RingKit.Properties.Rings.RingStep;

namespace RingKit.Properties.Rings;

/// <summary>The ring between two producers and one consumer.</summary>
internal sealed class ExploredMpscRing : ExploredStructure
{
    public override string Name => "MPSC ring";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        MpscProgram.Of(new(1, [2], [One], [One])),
        MpscProgram.Of(new(2, [3], [Batch(2)], [Batch(2)])),
        MpscProgram.Of(new(1, [1, 1], [One], [One])),
        MpscProgram.Of(new(1, [1, 1], [One], [One]) { Asks = true }),
        MpscProgram.Of(new(1, [1, 1], [Batch(1)], [One]) { Asks = true }),
        MpscProgram.Of(new(2, [2], [InPlace(2)], [InPlace(2)])),
        MpscProgram.Of(new(1, [0, 1], [One], [One]) { Aborts = true }),
        MpscProgram.Of(new(4, [1], [One], [One]) { IsObserved = true }),
        MpscProgram.Of(new(2, [2], [InPlace(2)], [InPlace(2)]) { Completes = true }),
        MpscProgram.Of(new(1, [2], [One], [One]) { Policy = FullPolicy.OverwriteOldest }),
        MpscProgram.Of(new(2, [4], [Batch(2)], [One])),
        .. MpscScenes.All,
    ];

    public override Gen<ModelProgram> Programs =>
        from capacity in Gen.Elements(1, 2, 2, 4)
        from totals in Gen.Elements<int[]>([2], [3], [5], [1, 1], [2, 1], [2, 2], [3, 2])
        from pushes in ExploredSpscRing.Steps(capacity)
        from pops in ExploredSpscRing.Reads(capacity)
        from policy in Gen.Elements(FullPolicy.Reject, FullPolicy.Reject, FullPolicy.Block, FullPolicy.OverwriteOldest)
        from waiting in Gen.Elements(RingWaiting.TryAgain, RingWaiting.Spin, RingWaiting.Sleep)
        from aborts in Gen.Elements(false, false, true)
        select (ModelProgram)MpscProgram.Of(new(capacity, totals, pushes, pops)
        {
            Policy = policy,
            Waiting = policy == FullPolicy.Block ? waiting : RingWaiting.TryAgain,
            Aborts = aborts,
        });
}
