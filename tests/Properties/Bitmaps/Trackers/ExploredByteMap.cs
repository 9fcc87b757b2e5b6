using FsCheck;
using RingKit.Bitmaps.Bytes;
using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Properties.Interleaving;
using static System.FormattableString;
using static RingKit.Properties.Bitmaps.BitmapOperation;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>The dirty byte map: a harvest looks at each byte, so there are few.</summary>
internal sealed class ExploredByteMap : ExploredStructure
{
    private const int Pages = 3;

    public override string Name => "dirty byte map";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        Of(false, [Mark(0), Mark(0)], [Masks]),
        Of(false, [TryMark(0), TryMark(0)], [Runs]),
        Of(false, [Mark(0)], [Look(0)]),
        Of(false, [MarkRange(0, 2)], [Indices(1), Indices(1)]),
        Of(false, [Mark(0), new(BitmapAction.LookForReturn)], [new(BitmapAction.HarvestRefused)]),
        Of(false, [Mark(0)], [Mark(0)], [Masks]),
        Of(true, [Mark(0)], [Mark(0)], [Masks]),
    ];

    public override Gen<ModelProgram> Programs => TrackerPrograms.Of(Of, [0, 1], isCheap: true);

    public static ModelProgram Of(bool announces, params BitmapOperation[][] threads)
    {
        var bytes = new NativeBlock<byte>(Pages);
        var map = new DirtyByteMapCore<O>(bytes.View, Pages);
        return TrackerProgram.Of(
            () =>
            {
                bytes.View.AsSpan().Clear();
                for (int page = 0; page < Pages; page++)
                    Explorer.Name(ref bytes[(nuint)page], Invariant($"byte {page}"));
                return map;
            },
            announces,
            threads);
    }
}
