using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using RingKit.Rings;
using static RingKit.Properties.Rings.RingStep;

namespace RingKit.Properties.Rings;

/// <summary>The ring of one writer whose items every reader sees.</summary>
internal sealed class ExploredBroadcastRing : ExploredStructure
{
    public override string Name => "broadcast ring";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        BroadcastProgram.Of(new(1, 2, [One], [One])),
        BroadcastProgram.Of(new(2, 3, [Batch(2)], [Batch(2)])),
        BroadcastProgram.Of(new(1, 2, [InPlace(1)], [InPlace(1)])),
        BroadcastProgram.Of(new(1, 2, [One], [One]) { Policy = LaggardPolicy.DropOldest }),
        BroadcastProgram.Of(new(2, 3, [Batch(2)], [InPlace(2)]) { Policy = LaggardPolicy.DropOldest }),
        BroadcastProgram.Of(new(1, 2, [One], [One]) { Policy = LaggardPolicy.Detach }),
        BroadcastProgram.Of(new(1, 2, [One], [One]) { Joins = true }),
        BroadcastProgram.Of(new(1, 2, [One], [One]) { Joins = true, Policy = LaggardPolicy.DropOldest }),
        BroadcastProgram.Of(new(1, 2, [One], [One]) { Joins = true, Policy = LaggardPolicy.Detach }),
        BroadcastProgram.Of(new(1, 2, [One], [One]) { Leaves = true }),
        BroadcastProgram.Of(new(1, 1, [One], [One]) { Joins = true, Waiting = RingWaiting.Sleep }),
        BroadcastProgram.Of(new(2, 2, [One], [One])),
        .. BroadcastScenes.All,
    ];

    public override Gen<ModelProgram> Programs =>
        from capacity in Gen.Elements(1, 2, 2, 4)
        from extra in Gen.Choose(0, 1)
        from writes in ExploredSpscRing.Steps(capacity)
        from reads in ExploredSpscRing.Reads(capacity)
        from readers in Gen.Choose(1, 2)
        from policy in Gen.Elements(LaggardPolicy.Block, LaggardPolicy.Block, LaggardPolicy.DropOldest, LaggardPolicy.Detach)
        from waiting in Gen.Elements(RingWaiting.TryAgain, RingWaiting.Spin, RingWaiting.Sleep)
        from joins in Gen.Elements(false, false, true)
        from leaves in Gen.Elements(false, false, true)
        from rejoins in Gen.Elements(false, true)
        from detaches in Gen.Elements(false, false, true)
        select (ModelProgram)BroadcastProgram.Of(
            new(capacity, policy == LaggardPolicy.Block ? (2 * capacity) + extra : Math.Min(capacity + 1 + extra, 4), writes, reads)
            {
                Readers = readers,
                Policy = policy,
                Waiting = policy == LaggardPolicy.Block && writes.All(step => step.Kind != RingStepKind.InPlace) ? waiting : RingWaiting.TryAgain,
                Joins = joins,
                Leaves = leaves,
                Rejoins = leaves && rejoins,
                Detaches = detaches && policy != LaggardPolicy.Block,       // where the writer waits, a live reader would read on unprotected
            });
}
