using RingKit.Bench.Inputs;
using RingKit.Bitmaps.Summary;
using RingKit.Memory;

namespace RingKit.Bench.Density.Contenders;

/// <summary><see cref="SummaryBitmap"/>, harvested into masks.</summary>
/// <remarks>It is made anew over the dirty words each time: to mark them one by one would take minutes.</remarks>
internal sealed class Summaries(NativeView<ulong> words) : Contender("summary", (int)words.Length)
{
    private DirtyWords? _dirty;
    private SummaryBitmap? _bitmap;

    public override void Prepare(DirtyWords dirty) => _dirty = dirty;

    public override void Restore(int window)
    {
        _bitmap?.Dispose();
        _dirty!.CopyTo(words.AsSpan(), window);
        _bitmap = new SummaryBitmap(words, (ulong)words.Length * 64);
    }

    public override long Find(int window)
    {
        var sink = default(PageCounter);
        _bitmap!.HarvestMasks(ref sink);
        return (long)sink.Pages;
    }

    protected override void Release() => _bitmap?.Dispose();
}
