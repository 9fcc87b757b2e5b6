using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Operations;
using RingKit.Bitmaps.Phases;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Runs in <c>foreach</c> loops against an array of bools, and what a loop that ends early leaves.</summary>
public sealed class DirtyRunsTests
{
    private static Gen<(int Pages, int First, int Count, int Break, int Seed)> Parts =>
        from pages in Gen.Choose(1, 9000)
        from first in Gen.Choose(0, pages)
        from count in Gen.Frequency((1, Gen.Constant(pages - first)), (2, Gen.Choose(0, pages - first)))
        from breakAt in Gen.Choose(0, 40)
        from seed in Gen.Choose(0, int.MaxValue)
        select (pages, first, count, breakAt, seed);

    [Fact]
    public void A_loop_takes_the_runs_of_a_range_and_nothing_else() => Props.Check(
        Prop.ForAll(Arb.From(Parts), one =>
        {
            bool[] model = Model(one.Pages, one.Seed);
            using var bitmap = new DirtyBitmap((ulong)one.Pages);
            BitmapModel.Mark(bitmap, model);
            var runs = new List<(ulong, ulong)>();
            foreach (BitRun run in bitmap.TakeRuns((ulong)one.First, (ulong)one.Count))
                runs.Add((run.First, run.Count));
            Assert.Equal(RunsOf(model, one.First, one.Count), runs);
            bool[] rest = [.. model];
            rest.AsSpan(one.First, one.Count).Clear();
            Assert.Equal(rest, BitmapModel.Read(bitmap));

            var others = new List<(ulong, ulong)>();
            foreach (BitRun run in bitmap.TakeRuns())
                others.Add((run.First, run.Count));
            Assert.Equal(BitmapModel.Runs(rest), others);
            Assert.Equal(0ul, bitmap.Count());
        }),
        "DirtyRuns.Taken",
        maxTest: 300);

    [Fact]
    public void What_a_loop_that_is_left_does_not_reach_stays_dirty() => Props.Check(
        Prop.ForAll(Arb.From(Parts), one =>
        {
            bool[] model = Model(one.Pages, one.Seed);
            using var bitmap = new DirtyBitmap((ulong)one.Pages);
            BitmapModel.Mark(bitmap, model);
            int left = one.Break;
            foreach (BitRun run in bitmap.TakeRuns((ulong)one.First, (ulong)one.Count))
            {
                model.AsSpan((int)run.First, (int)run.Count).Clear();
                if (left-- == 0)
                    break;
            }

            Assert.Equal(model, BitmapModel.Read(bitmap));
        }),
        "DirtyRuns.Left",
        maxTest: 300);

    [Fact]
    public void Held_runs_are_shown_and_stay_held() => Props.Check(
        Prop.ForAll(Arb.From(Parts), one =>
        {
            bool[] model = Model(one.Pages, one.Seed);
            using var bitmap = new DirtyBitmap((ulong)one.Pages);
            BitmapModel.Mark(bitmap, model);
            using var take = new DirtyTake(bitmap);
            take.Take();
            var runs = new List<(ulong, ulong)>();
            foreach (BitRun run in take.HeldRuns((ulong)one.First, (ulong)one.Count))
            {
                runs.Add((run.First, run.Count));
                if (runs.Count == one.Break)
                    break;
            }

            List<(ulong, ulong)> all = RunsOf(model, one.First, one.Count);
            Assert.Equal(one.Break == 0 ? all : all.Take(one.Break), runs);
            Assert.Equal((ulong)model.Count(true), take.Count());
            Assert.Equal(0ul, bitmap.Count());
        }),
        "DirtyRuns.Held",
        maxTest: 200);

    [Fact]
    public void A_loop_whose_body_throws_loses_the_run_that_it_was_in_and_no_other()
    {
        using var bitmap = new DirtyBitmap(300);
        bitmap.MarkRange(10, 5);
        bitmap.MarkRange(20, 200);
        bitmap.Mark(222);
        bitmap.Mark(299);
        Assert.Throws<TimeoutException>(() =>
        {
            foreach (BitRun run in bitmap.TakeRuns())
            {
                if (run.First == 20)
                    throw new TimeoutException();
            }
        });
        Assert.Equal([222ul, 299ul], BitmapModel.Pages(BitmapModel.Read(bitmap)));
    }

    [Fact]
    public void A_loop_marks_what_it_could_not_use_and_meets_it_in_the_next_one()
    {
        using var bitmap = new DirtyBitmap(1000);
        bitmap.MarkRange(100, 300);
        foreach (BitRun run in bitmap.TakeRuns())
            bitmap.MarkRange(run.First, run.Count);
        Assert.Equal(300ul, bitmap.Count());
    }

    [Fact]
    public void A_range_outside_is_refused_and_a_disposed_bitmap_ends_the_loop()
    {
        var bitmap = new DirtyBitmap(200);
        Assert.Throws<ArgumentOutOfRangeException>("first", () => { _ = bitmap.TakeRuns(201, 0); });
        Assert.Throws<ArgumentOutOfRangeException>("count", () => { _ = bitmap.TakeRuns(100, 101); });
        bitmap.Mark(1);
        bitmap.Mark(3);
        bitmap.Mark(150);
        var seen = new List<ulong>();
        Assert.Throws<ObjectDisposedException>(() =>
        {
            foreach (BitRun run in bitmap.TakeRuns())
            {
                seen.Add(run.First);
                bitmap.Dispose();
            }
        });
        Assert.Equal([1ul, 3ul], seen);
        Assert.Throws<ObjectDisposedException>(() => { _ = bitmap.TakeRuns(); });
    }

    [Fact]
    public void Each_page_is_in_one_loop_while_others_mark()
    {
        const ulong Pages = 200_000;
        using var bitmap = new DirtyBitmap(Pages);
        int[] stored = new int[Pages];
        int[] seen = new int[Pages];
        ulong firsts = 0;
        ulong taken = 0;
        int running = 2;
        void Mark(ulong step)
        {
            ulong mine = 0;
            for (ulong i = 0; i < 2 * Pages; i++)
            {
                ulong page = i * step % Pages;
                Interlocked.Increment(ref stored[page]);
                mine += bitmap.TryMark(page) ? 1u : 0;
            }
            Interlocked.Add(ref firsts, mine);
            Interlocked.Decrement(ref running);
        }

        new Crew(TimeSpan.FromSeconds(60)).Run(("marker 1", () => Mark(1)), ("marker 2", () => Mark(77_773)), ("harvester", () =>
        {
            for (bool isLast = false; !isLast;)
            {
                isLast = Volatile.Read(ref running) == 0;
                int most = 100;
                foreach (BitRun run in bitmap.TakeRuns())
                {
                    taken += run.Count;
                    for (ulong page = run.First; page < run.End; page++)
                        seen[page] = Volatile.Read(ref stored[page]);
                    if (most-- == 0 && !isLast)
                        break;
                }
            }
        }
        ));

        // A page that was taken ahead, marked meanwhile, and put back since the loop was left, was marked twice and taken once.
        Assert.InRange(taken, Pages, firsts);
        Assert.Equal(stored, seen);
        Assert.Equal(0ul, bitmap.Count());
    }

    [Fact]
    public void The_runs_of_words_are_those_of_the_searches() => Props.Check(
        Prop.ForAll(Arb.From(Operations.BitmapCase.Any), one =>
        {
            using var bitmap = new Operations.GuardedBitmap(one);
            var set = new List<(ulong, ulong)>();
            foreach (BitRun run in BitmapSearch.SetRuns(bitmap.Words, bitmap.Bits))
                set.Add((run.First, run.Count));
            Assert.Equal(BitmapModel.Runs(bitmap.Model), set);
            var clear = new List<(ulong, ulong)>();
            foreach (BitRun run in BitmapSearch.ClearRuns(bitmap.Words, bitmap.Bits))
                clear.Add((run.First, run.Count));
            Assert.Equal(BitmapModel.Runs([.. bitmap.Model.Select(isSet => !isSet)]), clear);
        }),
        "BitRuns",
        maxTest: 200);

    [Fact]
    public void More_bits_than_the_words_hold_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("bits", () => { _ = BitmapSearch.SetRuns(new ulong[2], 129); });
        Assert.Throws<ArgumentOutOfRangeException>("bits", () => { _ = BitmapSearch.ClearRuns([], 1); });
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using var bitmap = new DirtyBitmap(100_000);
        using var take = new DirtyTake(bitmap);
        ulong[] words = new ulong[1563];
        ulong pages = 0;
        Assert.Equal(0, Allocated.By(() =>
        {
            bitmap.MarkRectangle(0, 100, 300, 300);
            bitmap.CopyTo(words);
            foreach (BitRun run in BitmapSearch.SetRuns(words, 100_000))
                pages += run.Count;
            foreach (BitRun run in bitmap.TakeRuns(0, 50_000))
                pages += run.Count;
            take.Take();
            foreach (BitRun run in take.HeldRuns())
                pages += run.Count;
            take.Confirm();
        }));
        Assert.True(pages % 60_000 == 0 && pages != 0);
    }

    [Fact]
    public void A_run_beyond_2_to_the_32_pages_is_found()
    {
        const ulong Pages = (1UL << 33) + 100;
        using var bitmap = new DirtyBitmap(Pages);
        bitmap.MarkRange((1UL << 32) - 70, 140);
        bitmap.Mark(Pages - 1);
        var runs = new List<BitRun>();
        foreach (BitRun run in bitmap.TakeRuns((1UL << 32) - 100, Pages - (1UL << 32) + 100))
            runs.Add(run);
        Assert.Equal([new BitRun((1UL << 32) - 70, 140), new BitRun(Pages - 1, 1)], runs);
    }

    private static bool[] Model(int pages, int seed)
    {
        var random = new Random(seed);
        return BitmapModel.Pattern(random, pages, random.Next(4) switch { 0 => 0.002, 1 => 0.1, 2 => 0.5, _ => 0.95 }, runs: random.Next(2) == 0);
    }

    private static List<(ulong First, ulong Count)> RunsOf(bool[] model, int first, int count)
    {
        bool[] part = new bool[model.Length];
        model.AsSpan(first, count).CopyTo(part.AsSpan(first));
        return BitmapModel.Runs(part);
    }
}
