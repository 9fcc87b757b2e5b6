using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using static RingKit.Properties.Bitmaps.Phases.PhaseOperation;

namespace RingKit.Properties.Bitmaps.Phases;

/// <summary>Harvests in two phases, in parts and by masks, against writers and against whoever puts back.</summary>
internal sealed class ExploredPhases : ExploredStructure
{
    // Few, so that threads meet, and in both words.
    private static readonly int[] PagesInUse = [0, 1, 64];

    public override string Name => "two-phase harvest";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        PhaseProgram.Of([Mark(0), Take], [Read]),
        PhaseProgram.Of([Mark(0)], [Clear(0)]),
        PhaseProgram.Of([Mark(0)], [HarvestOne]),
        PhaseProgram.Of([Mark(0)], [SendInVain, Send]),
    ];

    public override Gen<ModelProgram> Programs =>
        from marks in Many(3, Gen.Elements(PagesInUse).Select(Mark))
        from moreMarks in Many(2, Gen.Elements(PagesInUse).Select(Mark))
        from harvests in Many(3, Harvest1)
        from settles in Many(2, Gen.Elements(PutBack, Read))
        from third in Gen.Elements(0, 1, 2)
        select PhaseProgram.Of(third switch
        {
            0 => [marks, harvests],
            1 => [marks, harvests, moreMarks],
            _ => [marks, harvests, settles],
        });

    private static Gen<PhaseOperation> Harvest1 =>
        from page in Gen.Elements(PagesInUse)
        from operation in Gen.Elements(Send, Send, SendOne, SendInVain, Take, PutBack, Clear(page), HarvestOne)
        select operation;

    private static Gen<PhaseOperation[]> Many(int most, Gen<PhaseOperation> one) =>
        from count in Gen.Choose(1, most)
        from operations in one.ArrayOf(count)
        select operations;
}
