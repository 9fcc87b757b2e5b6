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
    ];

    public override Gen<ModelProgram> Programs => Gen.Constant((ModelProgram)DirtyRingProgram.TwoThreads(1, 2));
}
