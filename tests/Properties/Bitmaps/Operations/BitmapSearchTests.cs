using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps.Operations;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>Next set, next clear, next run. <see cref="EverySimdPath"/> runs this class once for each width of vector.</summary>
public sealed class BitmapSearchTests
{
    [Fact]
    public void The_next_bit_is_the_next_bool() =>
        Props.Check(
            Prop.ForAll(Arb.From(BitmapCase.WithRange), one =>
            {
                using var bitmap = new GuardedBitmap(one.Case);
                Assert.Equal(Next(bitmap.Model, one.First, set: true), BitmapSearch.NextSet(bitmap.Words, bitmap.Bits, (ulong)one.First));
                Assert.Equal(Next(bitmap.Model, one.First, set: false), BitmapSearch.NextClear(bitmap.Words, bitmap.Bits, (ulong)one.First));
            }),
            nameof(The_next_bit_is_the_next_bool),
            maxTest: 1000);

    [Fact]
    public void The_next_run_is_the_next_run_of_bools()
    {
        // Minima on both sides of a word, of two, and of what holds a whole word wherever it lies.
        Gen<((BitmapCase Case, int First, int Count) Place, int Minimum)> searches =
            from place in BitmapCase.WithRange
            from minimum in Gen.OneOf(Gen.Choose(1, 5), Gen.Choose(60, 70), Gen.Choose(120, 135), Gen.Choose(1, 600))
            select (place, minimum);
        Props.Check(
            Prop.ForAll(Arb.From(searches), search =>
            {
                using var bitmap = new GuardedBitmap(search.Place.Case);
                (ulong from, ulong minimum) = ((ulong)search.Place.First, (ulong)search.Minimum);
                Assert.Equal(NextRun(bitmap.Model, search.Place.First, search.Minimum, set: true), BitmapSearch.NextSetRun(bitmap.Words, bitmap.Bits, from, minimum));
                Assert.Equal(NextRun(bitmap.Model, search.Place.First, search.Minimum, set: false), BitmapSearch.NextClearRun(bitmap.Words, bitmap.Bits, from, minimum));
            }),
            nameof(The_next_run_is_the_next_run_of_bools),
            maxTest: 2000);
    }

    [Fact]
    public void One_run_is_found_wherever_it_is_if_it_is_long_enough()
    {
        const int Bits = 700;
        foreach (int length in new[] { 1, 2, 63, 64, 65, 126, 127, 128, 129, 191, 192, 300 })
        {
            for (int first = 0; first + length <= Bits; first++)
            {
                ulong[] words = new ulong[11];
                for (int bit = first; bit < first + length; bit++)
                    words[bit / 64] |= 1UL << bit;
                var run = new BitRun((ulong)first, (ulong)length);
                Assert.Equal(run, BitmapSearch.NextSetRun(words, Bits, 0, (ulong)length));
                Assert.Equal(new BitRun(Bits, 0), BitmapSearch.NextSetRun(words, Bits, 0, (ulong)length + 1));
                Assert.Equal((ulong)(first + length), run.End);

                // Behind a run that is too short: the search for whole words must not step over it.
                if (first >= 2 && length >= 2)
                {
                    words[0] |= 1;
                    Assert.Equal(run, BitmapSearch.NextSetRun(words, Bits, 0, (ulong)length));
                    words[0] &= ~1UL;
                }

                BitmapLogic.Not(words, Bits);
                Assert.Equal(run, BitmapSearch.NextClearRun(words, Bits, (ulong)first, (ulong)length));
                Assert.Equal(new BitRun(Bits, 0), BitmapSearch.NextClearRun(words, Bits, 0, (ulong)length + 1));
            }
        }
    }

    [Fact]
    public void All_runs_one_after_the_other_are_the_models_runs() =>
        Props.Check(
            Prop.ForAll(Arb.From(BitmapCase.Any), one =>
            {
                using var bitmap = new GuardedBitmap(one);
                List<(ulong First, ulong Count)> runs = [];
                for (BitRun run = BitmapSearch.NextSetRun(bitmap.Words, bitmap.Bits, 0); run.Count != 0;
                    run = BitmapSearch.NextSetRun(bitmap.Words, bitmap.Bits, run.End))
                {
                    runs.Add((run.First, run.Count));
                }

                Assert.Equal(BitmapModel.Runs(bitmap.Model), runs);
            }),
            nameof(All_runs_one_after_the_other_are_the_models_runs));

    private static ulong Next(bool[] model, int from, bool set)
    {
        int found = Array.IndexOf(model, set, from);
        return (ulong)(found < 0 ? model.Length : found);
    }

    private static BitRun NextRun(bool[] model, int from, int minimum, bool set)
    {
        for (int first = from; first < model.Length; first++)
        {
            int end = first;
            while (end < model.Length && model[end] == set)
                end++;
            if (end - first >= minimum)
                return new BitRun((ulong)first, (ulong)(end - first));
            first = end;
        }

        return new BitRun((ulong)model.Length, 0);
    }
}
