using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;

namespace RingKit.Properties.HashTable.Model;

/// <summary>Book3S PR's shadow entries: a vCPU that maps, and who fetches.</summary>
internal sealed class ExploredShadowMmu : ExploredStructure
{
    public override string Name => "shadow entries";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        // E61: the lists.
        ShadowProgram.Of(logs: true, [ShadowAction.Map0, ShadowAction.Map1], [ShadowAction.Fetch]),
        ShadowProgram.Of(logs: false, [ShadowAction.Map0], [ShadowAction.Start]),
    ];

    public override Gen<ModelProgram> Programs =>
        from guest in Many(3, Gen.Elements(ShadowAction.Map0, ShadowAction.Map1, ShadowAction.Unmap0))
        from host in Many(2, Gen.Constant(ShadowAction.Fetch))
        from logs in Gen.Elements(true, false)
        select (ModelProgram)ShadowProgram.Of(logs, guest, logs ? host : [ShadowAction.Start, .. host]);

    private static Gen<ShadowAction[]> Many(int most, Gen<ShadowAction> one) =>
        from count in Gen.Choose(1, most)
        from actions in one.ArrayOf(count)
        select actions;
}
