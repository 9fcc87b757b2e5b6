using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Interleaving;
using static RingKit.Properties.Tdp.Model.TdpOperation;

namespace RingKit.Properties.Tdp.Model;

/// <summary>x86's second level: vCPUs that fault, fix up and log, and the host that harvests, starts and stops.</summary>
internal sealed class ExploredTdp : ExploredStructure
{
    public override string Name => "x86's second level";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        // E75: faults that link tables, or split a leaf, beside each other.
        TdpProgram.Of(TdpPlan.Empty, [Store(0)], [Store(1)]),
        TdpProgram.Of(TdpPlan.Large, [Store(0)], [Store(1)]),
        TdpProgram.Of(TdpPlan.Large, [Store(0)], [Load(1)]),

        // E6: a store through what a TLB remembers, against a harvest; and the answer of a vCPU that had stored.
        TdpProgram.Of(TdpPlan.Small, [Store(0), Store(0)], [Harvest]),
        TdpProgram.Of(TdpPlan.Small with { Method = TdpLogMethod.ModificationLog }, [Store(0), Store(0)], [Harvest]),
    ];

    public override Gen<ModelProgram> Programs =>
        from first in Many(2, Access)
        from second in Many(2, Access)
        from host in Many(2, Gen.Elements(Harvest, Harvest, Start, Stop, Invalidate))
        from shape in Gen.Choose(0, 1)
        from plan in Gen.Elements(TdpPlan.Empty, TdpPlan.Large, TdpPlan.Small, TdpPlan.Remains)
        from method in Gen.Elements(TdpLogMethod.WriteProtection, TdpLogMethod.ModificationLog)
        let start = plan with { Method = method }
        select (ModelProgram)(shape == 0 ? TdpProgram.Of(start, first, host) : TdpProgram.Of(start, first, second, [host[0]]));

    private static Gen<TdpOperation> Access =>
        from page in Gen.Choose(0, TdpProgram.Pages - 1)
        from stores in Gen.Elements(true, true, false)
        select stores ? Store(page) : Load(page);

    private static Gen<TdpOperation[]> Many(int most, Gen<TdpOperation> one) =>
        from count in Gen.Choose(1, most)
        from operations in one.ArrayOf(count)
        select operations;
}
