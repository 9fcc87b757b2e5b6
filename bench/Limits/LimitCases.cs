using RingKit.Bench.Inputs;
using RingKit.Bench.Rivals;
using RingKit.Bitmaps;
using RingKit.Memory;

namespace RingKit.Bench.Limits;

/// <summary>The floors of marking and harvesting, and behind them those of counting and sweeping.</summary>
internal sealed class LimitCases : IDisposable
{
    private const int Calls = 4096;
    private const int Repeats = 16;
    private const ulong MarkedPages = 1 << 18;

    private readonly NativeLimits _bare;
    private readonly int _shrink;
    private readonly List<IDisposable> _owned = [];
    private readonly ulong[] _indices = new ulong[4096];

    /// <summary>Prepares them.</summary>
    /// <param name="bare">The instructions.</param>
    /// <param name="shrink">By how much bitmaps are smaller than they should be, for a trial.</param>
    public LimitCases(NativeLimits bare, int shrink)
    {
        (_bare, _shrink) = (bare, shrink);
        All = [EmptyScan(256 << 20, "90 %"), EmptyScan(512 << 10, "70 %"), .. Harvests(1), .. Harvests(10), .. Harvests(50), .. Harvests(100), .. Marks()];
        var counts = new CountLimits(bare, shrink);
        _owned.Add(counts);
        All = [.. All, .. counts.All];
        if (NativeSweep.TryLoad(out string missing) is { } native)
        {
            var sweeps = new SweepLimits(bare, native, shrink);
            _owned.AddRange([sweeps, native]);
            All = [.. All, .. sweeps.All];
        }
        else
        {
            Console.WriteLine($"limits of sweeps: skipped, {missing}");
        }
    }

    public IReadOnlyList<Limit> All { get; }

    public void Dispose() => _owned.ForEach(item => item.Dispose());

    private Limit EmptyScan(int bytes, string share)
    {
        (NativeBlock<ulong> block, DirtyBitmap bitmap) = Bitmap(Math.Max(bytes / _shrink, 64 << 10));
        Written.Clear(block.View.AsSpan());
        return new Limit(
            $"harvest of {bytes >> 10} KiB, none dirty", "KiB", block.Length / 128.0, $"{share} of the reading speed", () => { }, () => Masks(bitmap), [("read loop", () => _bare.Read(block.View.AsSpan()))]);
    }

    private IEnumerable<Limit> Harvests(double percent)
    {
        (NativeBlock<ulong> block, DirtyBitmap bitmap) = Bitmap((32 << 20) / _shrink);
        var pattern = new DirtyPattern((int)block.Length, percent / 100, DirtyShape.Random);
        uint[] known = [.. pattern.DirtyWords.Select(word => (uint)word)];
        Written.Clear(block.View.AsSpan());
        (string, Action)[] bare =
        [
            ("xchg of each", () => _bare.Exchange(block.View.AsSpan(), known)),
            ("scan, and xchg", () => _bare.Scan(block.View.AsSpan())),
            ("load and store, loses marks", () => _bare.Plain(block.View.AsSpan(), known)),
        ];
        (string unit, double units) = percent < 100 ? ("page", pattern.DirtyPages) : ("word", known.Length);
        string name = $"of {percent} % of 32 MiB";
        void Restore() => pattern.Restore(block.View.AsSpan());
        if (percent is 1 or 100)
            yield return new Limit($"masks {name}", unit, units, percent == 1 ? "3 ns" : "", Restore, () => Masks(bitmap), bare);
        (string, Action)[] whole =
        [
            .. bare,
            ("the whole harvest into runs", () => _bare.Runs(block.View.AsSpan())),
            ("that, keeping what a failing sink leaves", () => _bare.RunsKept(block.View.AsSpan())),
        ];
        yield return new Limit($"runs {name}", unit, units, FloorOfRuns(percent), Restore, () => Runs(bitmap), whole);
        if (percent is 1 or 100)
            yield return new Limit($"indices {name}", unit, units, "", Restore, () => Indices(bitmap), bare);
    }

    private static string FloorOfRuns(double percent) => percent switch { 1 => "5 ns", 100 => "1.5 ns", _ => "" };

    private IEnumerable<Limit> Marks()
    {
        (NativeBlock<ulong> block, DirtyBitmap bitmap) = Bitmap((int)(MarkedPages / 8));
        ulong[] pages = Pages.InOrder(PageOrder.Random, Calls, MarkedPages - 256);
        uint[] starts = [.. pages.Select(page => (uint)(page / 64))];
        foreach ((int count, string floor) in new[] { (1, ""), (64, "5 ns"), (256, "12 ns") })
        {
            // All but one in 64 begin within a word.
            int words = count == 1 ? 1 : (count / 64) + 1;
            (string, Action)[] bare =
            [
                ($"{words} lock or", () => Repeat(() => _bare.Or(block.View.AsSpan(), starts, words))),
                .. words > 2 ? new (string, Action)[] { ($"2 lock or, {words - 2} stores: not allowed", () => Repeat(() => _bare.OrEdges(block.View.AsSpan(), starts, words))) } : [],
            ];
            Action ours = count == 1 ? () => Repeat(() => Mark(bitmap, pages)) : () => Repeat(() => MarkRange(bitmap, pages, (ulong)count));
            yield return new Limit($"mark {count} pages anywhere", "call", Calls * (double)Repeats, floor, () => { }, ours, bare);
        }
    }

    private (NativeBlock<ulong> Block, DirtyBitmap Bitmap) Bitmap(int bytes)
    {
        var block = new NativeBlock<ulong>((nuint)bytes / sizeof(ulong), (nuint)Environment.SystemPageSize);
        var bitmap = new DirtyBitmap(block.View, (ulong)bytes * 8);
        _owned.AddRange([bitmap, block]);
        return (block, bitmap);
    }

    private static void Repeat(Action run)
    {
        for (int i = 0; i < Repeats; i++)
            run();
    }

    private static void Mark(DirtyBitmap bitmap, ulong[] pages)
    {
        foreach (ulong page in pages)
            bitmap.Mark(page);
    }

    private static void MarkRange(DirtyBitmap bitmap, ulong[] pages, ulong count)
    {
        foreach (ulong page in pages)
            bitmap.MarkRange(page, count);
    }

    private static void Masks(DirtyBitmap bitmap)
    {
        var sink = default(CountingSink);
        bitmap.HarvestMasks(ref sink);
    }

    private static void Runs(DirtyBitmap bitmap)
    {
        var sink = default(CountingSink);
        bitmap.HarvestRuns(ref sink);
    }

    private void Indices(DirtyBitmap bitmap)
    {
        for (ulong cursor = 0; cursor < bitmap.Pages;)
            bitmap.HarvestIndices(_indices, ref cursor);
    }
}
