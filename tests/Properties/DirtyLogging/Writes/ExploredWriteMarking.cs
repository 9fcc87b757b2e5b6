using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;

namespace RingKit.Properties.DirtyLogging.Writes;

/// <summary>Writes without a vCPU against the start of a log and its harvests.</summary>
internal sealed class ExploredWriteMarking : ExploredStructure
{
    public override string Name => "writes without a vCPU";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        WriteMarkingProgram.Of(harvests: 0, marksFirst: false, [0]),
        WriteMarkingProgram.Of(harvests: 1, marksFirst: false, [0, 0]),
    ];

    public override Gen<ModelProgram> Programs =>
        from first in Gen.Elements(0, 1, 63).ArrayOf(2)
        from second in Gen.Elements(64, 127).ArrayOf(1)
        from devices in Gen.Choose(1, 2)
        from harvests in Gen.Choose(0, 2)
        select (ModelProgram)WriteMarkingProgram.Of(harvests, false, devices == 1 ? [first] : [first[..1], second]);
}
