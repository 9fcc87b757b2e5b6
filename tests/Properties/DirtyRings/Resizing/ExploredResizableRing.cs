using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;

namespace RingKit.Properties.DirtyRings.Resizing;

/// <summary>The dirty ring that changes its size.</summary>
internal sealed class ExploredResizableRing : ExploredStructure
{
    public override string Name => "resizable dirty ring";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        // Who resizes knows the new ring's place by itself: these lose an entry where the parties' words carry too little.
        ResizableProgram.Of(new(2, 1, 2) { Resizer = Resizer.Harvester }),
        ResizableProgram.Of(new(2, 1, 2) { Resizer = Resizer.Resetter, IsOneConsumer = false }),

        ResizableProgram.Of(new(1, 1, 1) { Resizer = Resizer.Another }),
        ResizableProgram.Of(new(2, 1, 1) { IsOneConsumer = false }),
        ResizableProgram.Of(new(3, 2, 2, 2)),
    ];

    // Some with laps within a ring, some with several rings.
    public override Gen<ModelProgram> Programs =>
        from capacities in (from capacity in Gen.Elements(1, 1, 2, 4) select capacity).ArrayOf(3)
        from rings in Gen.Choose(2, 3)
        from total in Gen.Choose(2, 5)
        from isOneConsumer in Gen.Elements(true, false)
        from resizer in Gen.Elements(Resizer.Producer, Resizer.Harvester, Resizer.Resetter, Resizer.Another)
        from start in Gen.Elements(0u, uint.MaxValue)
        from harvests in ExploredDirtyRing.Maxima(2, Gen.Constant(1))
        from resets in ExploredDirtyRing.Maxima(2, Gen.Constant(1))
        select ResizableProgram.Of(new(total, capacities[..rings])
        {
            Resizer = resizer,
            Start = start,
            Harvests = harvests,
            Resets = resets,
            IsOneConsumer = isOneConsumer,
        });
}
