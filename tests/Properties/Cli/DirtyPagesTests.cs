using FsCheck;
using FsCheck.Fluent;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class DirtyPagesTests
{
    [Fact]
    public void As_many_distinct_pages_of_the_guest_as_are_asked_for()
    {
        Gen<(PagePattern Pattern, int Total, int Count)> cells =
            from pattern in Gen.Elements(PagePattern.Random, PagePattern.Clustered, PagePattern.Runs)
            from total in Gen.Choose(1, 20_000)
            from count in Gen.OneOf(Gen.Choose(0, total), Gen.Constant(total))
            select (pattern, total, count);
        Props.Check(
            Prop.ForAll(cells.ToArbitrary(), cell =>
            {
                uint[] pages = DirtyPages.Choose(cell.Pattern, (ulong)cell.Total, cell.Count);
                return pages.Length == cell.Count && pages.Distinct().Count() == cell.Count && pages.All(page => page < cell.Total);
            }),
            nameof(As_many_distinct_pages_of_the_guest_as_are_asked_for));
    }

    [Theory]
    [InlineData("random", 1.0, 1.1)]
    [InlineData("clustered", 3.0, 5.0)]
    [InlineData("runs", 50, 80)]
    public void Patterns_have_the_runs_that_they_say(string pattern, double least, double most)
    {
        Assert.True(PagePatterns.TryParse(pattern, out PagePattern parsed));
        uint[] pages = DirtyPages.Choose(parsed, total: 1 << 24, count: 100_000);
        uint[] sorted = [.. pages.Order()];
        int runs = 1 + Enumerable.Range(1, sorted.Length - 1).Count(i => sorted[i] != sorted[i - 1] + 1);
        Assert.InRange(pages.Length / (double)runs, least, most);
        Assert.False(pages.SequenceEqual(sorted));
    }

    [Fact]
    public void They_lie_anywhere_in_the_guest()
    {
        foreach (PagePattern pattern in PagePatterns.All)
        {
            uint[] pages = DirtyPages.Choose(pattern, total: 1 << 28, count: 1 << 20);
            int[] sixteenths = new int[16];
            foreach (uint page in pages)
                sixteenths[page >> 24]++;
            Assert.All(sixteenths, count => Assert.InRange(count, 40_000, 90_000));
        }
    }
}
