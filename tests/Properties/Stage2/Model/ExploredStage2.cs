using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using static RingKit.Properties.Stage2.Model.TableOperation;

namespace RingKit.Properties.Stage2.Model;

/// <summary>The stage-2 table: faults side by side, walks, and who takes away what they use.</summary>
internal sealed class ExploredStage2 : ExploredStructure
{
    public override string Name => "stage-2 table";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        // E63: faults that make one table, or dissolve one block, and count a reference each.
        TableProgram.Of(TablePlan.Empty, [Map(0)], [Map(1)]),
        TableProgram.Of(TablePlan.Block, [Map(0)], [Map(1)]),

        // E63: walks of what is made.
        TableProgram.Of(TablePlan.Empty, [Map(0)], [Load(0)]),
        TableProgram.Of(TablePlan.Block, [Split(0)], [Load(1)]),

        // E63: a page that was mapped and protected meanwhile is read as it was written before.
        TableProgram.Of(TablePlan.Empty, [MapBlock(0)], [Protect], [Load(0)]),
        TableProgram.Of(TablePlan.Pages with { Ready = 0 }, [Map(2)], [Protect], [Load(0)]),

        // E66: a fault comes after what has removed its table, or before.
        TableProgram.Of(TablePlan.Page, [Unmap(0)], [Map(1)]),

        // E6: what is protected, unmapped or freed is in no processor any more.
        TableProgram.Of(TablePlan.Block with { IsWritable = true }, [Store(0), Store(0)], [Protect]),
        TableProgram.Of(TablePlan.Page with { Ready = 0 }, [Load(0), Load(0)], [Unmap(0), Map(2)]),
        TableProgram.Of(TablePlan.Pages with { Ready = 0 }, [Load(0)], [MapBlock(0)]),

        // E65: tables go from one to the other.
        TableProgram.Of(TablePlan.Empty with { Ready = 0, Spare = 1 }, [Refill, Refill], [Refill]),
        TableProgram.Of(TablePlan.Page with { Ready = 0 }, [Unmap(0)], [Map(2)]),
    ];

    public override Gen<ModelProgram> Programs =>
        from accesses in Many(2, Gen.Choose(0, 2).SelectMany(address => Gen.Elements(Load(address), Store(address))))
        from faults in Many(2, Fault)
        from alone in Many(2, Alone)
        from shape in Gen.Choose(0, 2)
        from mapped in Gen.Elements<TableAction?>(null, TableAction.Map, TableAction.MapBlock, TableAction.Split)
        from ready in Gen.Choose(0, 2)
        from isWritable in Gen.Elements(false, true)
        let plan = new TablePlan { Mapped = mapped, Ready = ready, Spare = 2 - ready, IsWritable = isWritable }
        select (ModelProgram)(shape switch
        {
            0 => TableProgram.Of(plan, faults, alone),
            1 => TableProgram.Of(plan, [.. accesses, .. faults], alone),
            _ => TableProgram.Of(plan, accesses, [faults[0]], [alone[0]]),
        });

    private static Gen<TableOperation> Fault =>
        from action in Gen.Elements(TableAction.Map, TableAction.Map, TableAction.MapBlock, TableAction.Relax, TableAction.SetYoung, TableAction.Split)
        from address in Gen.Choose(0, 2)
        select new TableOperation(action, address);

    private static Gen<TableOperation> Alone =>
        from action in Gen.Elements(TableAction.Collapse, TableAction.Unmap, TableAction.Unmap, TableAction.Protect, TableAction.Age, TableAction.MapBlock)
        from address in Gen.Choose(0, 2)
        select new TableOperation(action, address);

    private static Gen<TableOperation[]> Many(int most, Gen<TableOperation> one) =>
        from count in Gen.Choose(1, most)
        from operations in one.ArrayOf(count)
        select operations;
}
