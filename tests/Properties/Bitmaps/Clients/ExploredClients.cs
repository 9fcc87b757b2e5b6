using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using static RingKit.Properties.Bitmaps.Clients.ClientOperation;

namespace RingKit.Properties.Bitmaps.Clients;

/// <summary>Several clients of one marking, which harvest, join and leave while it is marked.</summary>
internal sealed class ExploredClients : ExploredStructure
{
    public override string Name => "dirty clients";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        ClientProgram.Of([Mark(0), Harvest], [Harvest]),
    ];

    public override Gen<ModelProgram> Programs =>
        from writer in Many(2, Mark1)
        from first in Many(2, Gen.OneOf(Mark1, Gen.Constant(Harvest)))
        from second in Gen.OneOf(
            Many(2, Gen.OneOf(Mark1, Gen.Constant(Harvest))),
            Gen.Elements(new[] { Join, Harvest }, [Join, Mark(0), Harvest], [JoinAllDirty, Harvest], [Harvest, Leave], [Leave]))
        from hasWriter in Gen.Elements(true, false)
        select ClientProgram.Of(hasWriter ? [writer, [.. first, Harvest], second] : [[Mark(1), .. first, Harvest], second]);

    private static Gen<ClientOperation> Mark1 => Gen.Elements(0, 1).Select(Mark);

    private static Gen<ClientOperation[]> Many(int most, Gen<ClientOperation> one) =>
        from count in Gen.Choose(1, most)
        from operations in one.ArrayOf(count)
        select operations;
}
