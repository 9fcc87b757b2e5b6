using System.Diagnostics;
using RingKit.Bench.Inputs;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Listing;
using RingKit.Bitmaps.Operations;
using RingKit.Bitmaps.Summary;
using RingKit.Memory;

namespace RingKit.Bench.Density;

/// <summary>A guest's dirty bitmap, and the other trackers of as many pages.</summary>
internal sealed class ScaleGuest : IDisposable
{
    private const int VeryFew = 100;
    private const int Few = 1000;
    private const double ManyPercent = 1;
    private const int ListEntryBytes = 12;

    private readonly NativeBlock<ulong> _words;
    private readonly DirtyBitmap _bitmap;
    private readonly DirtyList _list;
    private readonly ulong[] _few;
    private readonly DirtyWords _many = new(ManyPercent, DirtyShape.Random);

    public ScaleGuest(int gibibytes)
    {
        int words = gibibytes << 12;
        _words = new NativeBlock<ulong>((nuint)words, (nuint)Environment.SystemPageSize);
        Written.Clear(_words.View.AsSpan());
        _bitmap = new DirtyBitmap(_words.View, Pages);
        _list = new DirtyList(Pages);
        _few = Inputs.Pages.InOrder(PageOrder.Random, Few, Pages);
    }

    /// <summary>How much is dirty.</summary>
    public enum Amount
    {
        /// <summary>Nothing.</summary>
        None,

        /// <summary>A hundred pages.</summary>
        VeryFew,

        /// <summary>A thousand pages.</summary>
        Few,

        /// <summary>One page of a hundred.</summary>
        Many,
    }

    public long BitmapBytes => (long)_words.Length * sizeof(ulong);

    public long SummaryBytes => (long)SummaryLevels.WordsAbove(SummaryLevels.WordsOf(Pages, SummaryLevels.MostTopWords)) * sizeof(ulong);

    public long ListBytes => (long)_list.Capacity * ListEntryBytes;

    private ulong Pages => (ulong)_words.Length * 64;

    /// <summary>The time of a harvest, in nanoseconds.</summary>
    public double HarvestBitmap(Amount amount)
    {
        ulong expected = Fill(amount);
        return Time(new BitmapSubject(_bitmap), expected);
    }

    /// <inheritdoc cref="HarvestBitmap"/>
    public double HarvestSummary(Amount amount)
    {
        ulong expected = Fill(amount);
        using var summary = new SummaryBitmap(_words.View, Pages);
        return Time(new SummarySubject(summary), expected);
    }

    /// <inheritdoc cref="HarvestBitmap"/>
    public double HarvestList(Amount amount)
    {
        ulong expected = Fill(amount);
        for (int word = 0; word < (int)_words.Length; word++)
        {
            for (ulong rest = _words.View[(nuint)word]; rest != 0; rest &= rest - 1)
                _list.Mark(((ulong)word * 64) + ulong.TrailingZeroCount(rest));
        }

        _words.View.AsSpan().Clear();
        return Time(new ListSubject(_list), expected);
    }

    public void Dispose()
    {
        _list.Dispose();
        _bitmap.Dispose();
        _words.Dispose();
    }

    private ulong Fill(Amount amount)
    {
        Span<ulong> words = _words.View.AsSpan();
        if (amount == Amount.Many)
            _many.CopyTo(words, window: 0);
        foreach (ulong page in FewPages(amount))
            words[(int)(page >> 6)] |= 1UL << (int)page;
        return BitmapCount.Count(words);
    }

    private ReadOnlySpan<ulong> FewPages(Amount amount) => amount switch
    {
        Amount.VeryFew => _few.AsSpan(0, VeryFew),
        Amount.Few => _few,
        _ => [],
    };

    private static double Time<TSubject>(TSubject subject, ulong expected)
        where TSubject : struct, ISubject
    {
        var sink = default(PageCounter);
        long start = Stopwatch.GetTimestamp();
        subject.Harvest(ref sink);
        double time = Math.Max(Clock.Since(start), 0);
        return sink.Pages == expected
            ? time
            : throw new WrongCountException($"{subject.Tracker.GetType().Name} found {sink.Pages} dirty pages, there are {expected}");
    }
}
