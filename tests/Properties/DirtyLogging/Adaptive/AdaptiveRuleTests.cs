using RingKit.Mmu.DirtyLogging.Adaptive;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Adaptive;

public sealed class AdaptiveRuleTests
{
    private const ulong Words = 1 << 20, Pages = Words * 64;
    private const ulong Dense = Words / AdaptiveRule.WordsPerDirtyWord;
    private const ulong Many = Words / AdaptiveRule.WordsPerDirtyPage;
    private const int Ring = 1024;

    private static readonly AdaptiveRound Quiet = new(0, 0, false);

    [Fact]
    public void Rings_stay_until_one_overflows()
    {
        Assert.Equal(DirtyLogForm.Ring, Choose(DirtyLogForm.Ring, new(2000, 2000, false), Quiet));
        Assert.Equal(DirtyLogForm.Summary, Choose(DirtyLogForm.Ring, new(1025, 1025, true), Quiet));
        Assert.Equal(DirtyLogForm.Bitmap, Choose(DirtyLogForm.Ring, new(Dense, Dense, true), Quiet));
    }

    [Fact]
    public void A_bitmap_gives_way_to_rings_when_two_rounds_would_have_fitted_half_of_one()
    {
        foreach (DirtyLogForm form in (DirtyLogForm[])[DirtyLogForm.Summary, DirtyLogForm.Bitmap])
        {
            Assert.Equal(DirtyLogForm.Ring, Choose(form, new(Ring / 2, 5, false), new(Ring / 2, 5, false)));
            Assert.NotEqual(DirtyLogForm.Ring, Choose(form, new((Ring / 2) + 1, 5, false), Quiet));
            Assert.NotEqual(DirtyLogForm.Ring, Choose(form, Quiet, new((Ring / 2) + 1, 5, false)));
        }
    }

    [Fact]
    public void Summaries_are_for_few_dirty_words_with_room_between_going_and_coming_back()
    {
        const ulong Few = Many / 2 - 1;
        Assert.Equal(DirtyLogForm.Summary, Choose(DirtyLogForm.Summary, new(Few, Dense - 1, false), Quiet));
        Assert.Equal(DirtyLogForm.Bitmap, Choose(DirtyLogForm.Summary, new(Few, Dense, false), Quiet));
        Assert.Equal(DirtyLogForm.Bitmap, Choose(DirtyLogForm.Bitmap, new(Few, Dense / 2, false), Quiet));
        Assert.Equal(DirtyLogForm.Bitmap, Choose(DirtyLogForm.Bitmap, new(Few, 0, false), new(Few, Dense / 2, false)));
        Assert.Equal(DirtyLogForm.Summary, Choose(DirtyLogForm.Bitmap, new(Few, (Dense / 2) - 1, false), new(Few, (Dense / 2) - 1, false)));
    }

    [Fact]
    public void And_for_few_records_however_few_words_they_are_in()
    {
        Assert.Equal(DirtyLogForm.Summary, Choose(DirtyLogForm.Summary, new(Many - 1, 1, false), Quiet));
        Assert.Equal(DirtyLogForm.Bitmap, Choose(DirtyLogForm.Summary, new(Many, 1, false), Quiet));
        Assert.Equal(DirtyLogForm.Bitmap, Choose(DirtyLogForm.Ring, new(Many, 1, true), Quiet));
        Assert.Equal(DirtyLogForm.Bitmap, Choose(DirtyLogForm.Bitmap, new(Many / 2, 1, false), Quiet));
        Assert.Equal(DirtyLogForm.Summary, Choose(DirtyLogForm.Bitmap, new((Many / 2) - 1, 1, false), new((Many / 2) - 1, 1, false)));
    }

    [Fact]
    public void A_steady_guest_makes_at_most_one_move()
    {
        for (ulong pages = 1; pages <= Pages; pages *= 2)
        {
            foreach (ulong words in (ulong[])[pages, (pages + 63) / 64])
            {
                DirtyLogForm form = DirtyLogForm.Ring;
                AdaptiveRound before = Quiet;
                int moves = 0;
                for (int round = 0; round < 10; round++)
                {
                    var last = new AdaptiveRound(pages, Math.Min(words, Words), form == DirtyLogForm.Ring && pages > Ring);
                    DirtyLogForm next = Choose(form, last, before);
                    moves += next == form ? 0 : 1;
                    (form, before) = (next, last);
                }

                Assert.True(moves <= 1, $"{pages} pages in {words} words: {moves} moves");
            }
        }
    }

    private static DirtyLogForm Choose(DirtyLogForm form, AdaptiveRound last, AdaptiveRound before) =>
        new AdaptiveRule().Choose(form, new AdaptiveHistory(Pages, Ring, last, before));
}
