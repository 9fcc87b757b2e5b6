using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Interleaving;

namespace RingKit.Properties.Stage2.Faults.Interleaving;

/// <summary>The host's side of stage-2 faults: its pages, its invalidations, and what the handlers make of them.</summary>
internal sealed class ExploredFaults : ExploredStructure
{
    public override string Name => "stage-2 faults";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        SequenceProgram.Of("F", "C"),
        RegionProgram.Of("M", "M"),
        RegionProgram.Of("X", "X"),
        PostedProgram.Of(isBlock: true),
    ];

    public override Gen<ModelProgram> Programs => Gen.OneOf(Sequences, Regions, Handlers);

    private static Gen<ModelProgram> Sequences =>
        from threads in Gen.Choose(2, 3)
        from turns in Gen.Elements("F", "C", "FF", "FC").ArrayOf(threads)
        select (ModelProgram)SequenceProgram.Of(turns);

    private static Gen<ModelProgram> Regions =>
        from threads in Gen.Choose(2, 3)
        from turns in Gen.Elements("T", "M", "X", "TM", "MX").ArrayOf(threads)
        select (ModelProgram)RegionProgram.Of(turns);

    private static Gen<ModelProgram> Handlers =>
        from generation in Gen.Elements(Enum.GetValues<Stage2Generation>())
        from threads in Gen.Choose(2, 3)
        from actions in Gen.Choose(1, 2).SelectMany(count => Gen.Elements(Enum.GetValues<HandlerAction>()).ArrayOf(count)).ArrayOf(threads)
        where actions.Count(thread => Array.Exists(thread, action => action >= HandlerAction.StartLog)) <= 1
        select (ModelProgram)HandlerProgram.Of(generation, actions);
}
