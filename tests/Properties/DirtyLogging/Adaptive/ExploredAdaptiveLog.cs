using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Properties.Interleaving;

namespace RingKit.Properties.DirtyLogging.Adaptive;

/// <summary>The rings and bitmaps of the adaptive log, and its moves between them.</summary>
internal sealed class ExploredAdaptiveLog : ExploredStructure
{
    // Few, so that they meet, and in both words.
    private static readonly int[] PagesInUse = [0, 1, 64];

    public override string Name => "adaptive log";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        AdaptiveLogProgram.Of(new(1, [DirtyLogForm.Ring], [0, 1])),
        AdaptiveLogProgram.Of(new(2, [DirtyLogForm.Ring], [0, 0])),
    ];

    public override Gen<ModelProgram> Programs =>
        from entries in Gen.Elements(1, 1, 2)
        from first in Gen.Elements(Enum.GetValues<DirtyLogForm>())
        from harvests in Gen.Choose(1, 2)
        from forms in Gen.Elements(Enum.GetValues<DirtyLogForm>()).ArrayOf(harvests)
        from stores in Gen.Elements(PagesInUse).ArrayOf(3)
        from vcpus in Gen.Choose(1, 2)
        from failing in Gen.Elements(-1, -1, 0, 1)
        let pages = vcpus == 1 ? new int[][] { stores } : [stores[..1], stores[1..]]
        select AdaptiveLogProgram.Of(new(entries, forms, pages) { First = first, FailingBatch = failing });
}
