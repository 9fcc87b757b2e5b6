using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Phases;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>
/// Harvests of parts, cursors, budgets, clearing and the two phases against arrays of bools. <see cref="EverySimdPath"/> runs this class
/// once for each width of vector.
/// </summary>
public sealed class PartsAgainstModel
{
    private const int Kinds = 12;

    [Fact]
    public void Random_parts_budgets_and_phases()
    {
        Gen<(int Pages, Step[] Steps)> scripts =
            from pages in Gen.Choose(1, 1500)
            from steps in Gen.ArrayOf(
                from kind in Gen.Choose(0, Kinds - 1)
                from first in Gen.Choose(0, pages)
                from end in Gen.OneOf(Gen.Choose(first, pages), Gen.Constant(pages))
                from most in Gen.OneOf(Gen.Choose(0, 200), Gen.Choose(0, 5), Gen.Constant(int.MaxValue))
                from bits in Gen.Choose(int.MinValue, int.MaxValue)
                select new Step(kind, first, end, most, bits))
            select (pages, steps);

        Props.Check(Prop.ForAll(Arb.From(scripts), script => Follow(script.Pages, script.Steps)), nameof(Random_parts_budgets_and_phases), maxTest: 1000);
    }

    // Each pass with a budget is the whole harvest in pieces: A22 of the list of tests for resumable scans.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(1000)]
    public void Pieces_of_any_size_make_the_whole(int most)
    {
        var random = new Random(20240229);
        foreach (int pages in new[] { 1, 63, 64, 65, 700, 4000 })
        {
            foreach (double density in new[] { 0, 0.01, 0.3, 1 })
            {
                bool[] model = BitmapModel.Pattern(random, pages, density, runs: density < 0.2);
                using var bitmap = new DirtyBitmap((ulong)pages);
                BitmapModel.Mark(bitmap, model);
                var masks = new List<(ulong FirstPage, ulong Mask)>();
                var sink = new MaskList(masks);
                int calls = 0;
                for (ulong cursor = 0; cursor < bitmap.Pages; calls++)
                    Assert.True(bitmap.HarvestMasks(ref sink, ref cursor, bitmap.Pages, (ulong)most) <= (ulong)most);
                Assert.Equal(BitmapModel.Pages(model), Pages(masks));
                Assert.InRange(calls, 1, (BitmapModel.Pages(model).Count / most) + 2);
                Assert.Equal(0ul, bitmap.Count());
            }
        }
    }

    private static void Follow(int pages, Step[] steps)
    {
        using var bitmap = new DirtyBitmap((ulong)pages);
        using var take = new DirtyTake(bitmap);
        bool[] dirty = new bool[pages];
        bool[] held = new bool[pages];
        foreach (Step step in steps)
        {
            (ulong first, ulong count) = ((ulong)step.First, (ulong)(step.End - step.First));
            ulong wordFirst = Math.Min(first, (ulong)pages - 1) / 64 * 64;
            ulong mask = (ulong)step.Bits * 0x9e3779b97f4a7c15;
            switch (step.Kind)
            {
                case 0 or 1:
                    bitmap.MarkRange(first, Math.Min(count, 70));
                    BitmapModel.MarkRange(dirty, first, Math.Min(count, 70));
                    break;
                case 2:
                    for (ulong page = first; page < (ulong)step.End; page += 1 + (mask % 90))
                    {
                        bitmap.Mark(page);
                        dirty[page] = true;
                    }

                    break;
                case 3:
                    bitmap.MarkRange(0, (ulong)pages);
                    BitmapModel.MarkRange(dirty, 0, (ulong)pages);
                    break;
                case 4:
                    CheckPart(step, dirty, takes: true, bitmap.HarvestMasks, bitmap.HarvestRuns, (Span<ulong> room, ref ulong cursor) => bitmap.HarvestIndices(room, ref cursor, (ulong)step.End));
                    break;
                case 5:
                    // Of the same pages as a range.
                    var masks = new List<(ulong FirstPage, ulong Mask)>();
                    var maskSink = new MaskList(masks);
                    var runs = new List<(ulong First, ulong Count)>();
                    var runSink = new RunList(runs);
                    bool[] part = Remove(dirty, first, count);
                    if (step.Bits % 2 == 0)
                        bitmap.HarvestMasks(ref maskSink, first, count);
                    else
                        bitmap.HarvestRuns(ref runSink, first, count);
                    Assert.Equal(step.Bits % 2 == 0 ? BitmapModel.Masks(part) : [], masks);
                    Assert.Equal(step.Bits % 2 == 0 ? [] : BitmapModel.Runs(part), runs);
                    break;
                case 6:
                    Assert.Equal(RemoveMask(dirty, wordFirst, mask), bitmap.ClearMask(wordFirst, mask));
                    break;
                case 7:
                    Assert.Equal(Count(Remove(dirty, first, count)), bitmap.ClearRange(first, count));
                    break;
                case 8:
                    bool[] taken = Remove(dirty, first, count);
                    Assert.Equal(Count(taken), take.Take(first, count));
                    Merge(held, taken);
                    break;
                case 9:
                    CheckPart(step, held, takes: false, take.ReadMasks, take.ReadRuns, (Span<ulong> room, ref ulong cursor) => take.ReadIndices(room, ref cursor));
                    break;
                case 10 when step.Bits % 2 == 0:
                    Assert.Equal(RemoveMask(held, wordFirst, mask), take.ConfirmMask(wordFirst, mask));
                    break;
                case 10:
                    Assert.Equal(Count(Remove(held, first, count)), take.Confirm(first, count));
                    break;
                default:
                    bool[] returned = Remove(held, first, count);
                    Assert.Equal(Count(returned), take.PutBack(first, count));
                    Merge(dirty, returned);
                    break;
            }

            Assert.Equal(Count(held), take.Count());
        }

        Assert.Equal(dirty, BitmapModel.Read(bitmap));
        take.Dispose();
        Merge(dirty, held);
        Assert.Equal(dirty, BitmapModel.Read(bitmap));
    }

    private delegate ulong MaskForm(ref MaskList sink, ref ulong cursor, ulong end, ulong most);

    private delegate ulong RunForm(ref RunList sink, ref ulong cursor, ulong end, ulong most);

    private delegate int IndexForm(Span<ulong> room, ref ulong cursor);

    // From First on, as many pages as the budget allows, in order, in one of the three forms; the cursor leaves nothing behind.
    private static void CheckPart(Step step, bool[] model, bool takes, MaskForm masks, RunForm runs, IndexForm indices)
    {
        ulong cursor = (ulong)step.First;
        bool isIndices = (uint)step.Bits % 3 == 2;
        int end = isIndices && !takes ? model.Length : step.End;
        int most = isIndices ? Math.Min(step.Most, 300) : step.Most;
        ulong[] expected = [.. BitmapModel.Pages(model).Where(page => page >= cursor && page < (ulong)end).Take(most)];
        bool[] chosen = new bool[model.Length];
        foreach (ulong page in expected)
            chosen[page] = true;

        if (isIndices)
        {
            ulong[] room = new ulong[most];
            int count = indices(room, ref cursor);
            Assert.Equal(expected, room[..count]);
        }
        else if ((uint)step.Bits % 3 == 1)
        {
            var list = new List<(ulong First, ulong Count)>();
            var sink = new RunList(list);
            Assert.Equal((ulong)expected.Length, runs(ref sink, ref cursor, (ulong)end, (ulong)most));
            Assert.Equal(BitmapModel.Runs(chosen), list);
        }
        else
        {
            var list = new List<(ulong FirstPage, ulong Mask)>();
            var sink = new MaskList(list);
            Assert.Equal((ulong)expected.Length, masks(ref sink, ref cursor, (ulong)end, (ulong)most));
            Assert.Equal(BitmapModel.Masks(chosen), list);
        }

        if (expected.Length < most)
            Assert.Equal((ulong)end, cursor);
        ulong behind = expected.Length == 0 ? (ulong)step.First : expected[^1] + 1;
        Assert.InRange(cursor, behind, (ulong)end);
        Assert.DoesNotContain(BitmapModel.Pages(model), page => page >= behind && page < cursor);
        if (takes)
            Remove(model, chosen);
    }

    private static bool[] Remove(bool[] model, ulong first, ulong count)
    {
        bool[] removed = new bool[model.Length];
        Array.Copy(model, (int)first, removed, (int)first, (int)count);
        Remove(model, removed);
        return removed;
    }

    private static ulong RemoveMask(bool[] model, ulong firstPage, ulong mask)
    {
        ulong were = 0;
        for (ulong bit = 0; bit < 64 && firstPage + bit < (ulong)model.Length; bit++)
        {
            if ((mask >> (int)bit & 1) == 0 || !model[firstPage + bit])
                continue;
            were |= 1UL << (int)bit;
            model[firstPage + bit] = false;
        }

        return were;
    }

    private static void Remove(bool[] model, bool[] removed)
    {
        for (int page = 0; page < model.Length; page++)
            model[page] &= !removed[page];
    }

    private static void Merge(bool[] model, bool[] added)
    {
        for (int page = 0; page < model.Length; page++)
            model[page] |= added[page];
    }

    private static ulong Count(bool[] model) => (ulong)model.Count(isSet => isSet);

    private static List<ulong> Pages(List<(ulong FirstPage, ulong Mask)> masks) =>
        [.. masks.SelectMany(pair => Enumerable.Range(0, 64).Where(bit => (pair.Mask >> bit & 1) != 0).Select(bit => pair.FirstPage + (ulong)bit))];

    private readonly record struct Step(int Kind, int First, int End, int Most, int Bits);
}
