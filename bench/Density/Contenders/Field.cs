using System.Numerics.Tensors;
using RingKit.Bench.Inputs;
using RingKit.Bench.Rivals;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Operations;
using RingKit.Memory;

namespace RingKit.Bench.Density.Contenders;

/// <summary>All contenders over bitmaps of one size.</summary>
internal sealed class Field : IDisposable
{
    /// <summary>The loops over every bit get no larger bitmap: they take 33 ns and more a word where little is dirty, so that memory makes no difference to them.</summary>
    public const int MostWordsBitByBit = DirtyWords.Length;

    private readonly NativeBlock<ulong> _words;
    private readonly NativeBlock<ulong> _counts;
    private readonly DirtyBitmap _bitmap;
    private readonly ulong[] _indices = new ulong[4096];

    /// <param name="words">The size.</param>
    /// <param name="roaring">A rival that may be missing.</param>
    public Field(int words, Roaring? roaring)
    {
        _words = new NativeBlock<ulong>((nuint)words, (nuint)Environment.SystemPageSize);
        _counts = new NativeBlock<ulong>((nuint)words, (nuint)Environment.SystemPageSize);
        Written.Clear(_counts.View.AsSpan());
        NativeView<ulong> view = _words.View;
        _bitmap = new DirtyBitmap(view, (ulong)words * 64);
        NativeView<ulong> few = view.Slice(0, (nuint)Math.Min(words, MostWordsBitByBit));
        Contenders =
        [
            new OverWords("masks", view, Masks),
            new OverWords("runs", view, Runs),
            new OverWords("indices", view, Indices),
            new Summaries(view),
            new Bytes(words),
            new OverWords("count", view, () => (long)BitmapCount.Count(_words.View.AsSpan())),
            new OverWords("tensor", view, TensorCount),
            new OverWords("every bit", few, () => NaiveHarvest.Indices(few.AsSpan(), _indices)),
            new BitArrayLoop((int)few.Length),
            .. roaring is null ? (Contender[])[] : [new RoaringIndices(roaring, view)],
        ];
    }

    public IReadOnlyList<Contender> Contenders { get; }

    public void Dispose()
    {
        foreach (Contender contender in Contenders)
            contender.Dispose();
        _bitmap.Dispose();
        _counts.Dispose();
        _words.Dispose();
    }

    private long Masks()
    {
        var sink = default(PageCounter);
        _bitmap.HarvestMasks(ref sink);
        return (long)sink.Pages;
    }

    private long Runs()
    {
        var sink = default(RunCounter);
        _bitmap.HarvestRuns(ref sink);
        return (long)sink.Pages;
    }

    private long Indices()
    {
        long pages = 0;
        for (ulong cursor = 0; cursor < _bitmap.Pages;)
            pages += _bitmap.HarvestIndices(_indices, ref cursor);
        return pages;
    }

    private long TensorCount()
    {
        Span<ulong> counts = _counts.View.AsSpan();
        TensorPrimitives.PopCount(_words.View.AsSpan(), counts);
        return (long)TensorPrimitives.Sum<ulong>(counts);
    }

    private struct RunCounter : IDirtyRunSink
    {
        public ulong Pages { get; private set; }

        public void Accept(ulong firstPage, ulong pageCount) => Pages += pageCount;
    }
}
