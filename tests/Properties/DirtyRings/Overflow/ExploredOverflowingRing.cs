using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;

namespace RingKit.Properties.DirtyRings.Overflow;

/// <summary>The dirty ring that falls back to a bitmap.</summary>
internal sealed class ExploredOverflowingRing : ExploredStructure
{
    // Few, so that they meet, and in both words.
    private static readonly int[] PagesInUse = [0, 1, 64];

    public override string Name => "overflowing dirty ring";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        OverflowProgram.Of(new(1, 1, 0, 1)),
        OverflowProgram.Of(new(1, 1, 0, 1) { FailingBatch = 1 }),
    ];

    public override Gen<ModelProgram> Programs =>
        from capacity in Gen.Elements(1, 1, 1, 2)
        from collections in Gen.Choose(2, 3)
        from length in Gen.Choose(2 * capacity, 5)
        from pages in Gen.Elements(PagesInUse).ArrayOf(length)
        from failing in Gen.Elements(-1, -1, 0, 1, 2)
        from start in Gen.Elements(0u, uint.MaxValue)
        select OverflowProgram.Of(new(capacity, collections, pages) { FailingBatch = failing, Start = start });
}
