using FsCheck.Fluent;
using Xunit;

namespace RingKit.Properties.Support;

public sealed class PropsTests
{
    [Fact]
    public void A_failing_property_throws_and_names_a_seed_that_fails_again()
    {
        static void Run(PropsSeed seed) =>
            Props.Check(Prop.ForAll<int[]>(values => values.Length < 5), "planted failure", seed, maxTest: 100, endSize: 50);

        var failure = Assert.Throws<PropertyFailedException>(() => Run(new PropsSeed(1, 3, Size: null)));
        Assert.StartsWith("planted failure: replay the run with RINGKIT_SEED=1,3, or only", failure.Message, StringComparison.Ordinal);

        string step = failure.Message.Split('\n')[0].Split("RINGKIT_SEED=")[2];
        var replayed = Assert.Throws<PropertyFailedException>(() => Run(PropsSeed.Parse(step)));
        Assert.Contains("after 1 test", replayed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_property_runs_as_often_as_asked()
    {
        int cases = 0;
        Props.Check(Prop.ForAll<int>(_ => ++cases > 0), "counting", new PropsSeed(1, 3, Size: null), maxTest: 37, endSize: 10);
        Assert.Equal(37, cases);
    }

    [Fact]
    public void The_same_seed_gives_the_same_cases()
    {
        List<int> first = Cases(new PropsSeed(5, 7, Size: null));
        Assert.Equal(first, Cases(new PropsSeed(5, 7, Size: null)));
        Assert.NotEqual(first, Cases(new PropsSeed(6, 7, Size: null)));

        static List<int> Cases(PropsSeed seed)
        {
            var cases = new List<int>();
            Props.Check(
                Prop.ForAll<int>(value =>
                {
                    cases.Add(value);
                    return true;
                }),
                "recording",
                seed,
                maxTest: 50,
                endSize: 1000);
            return cases;
        }
    }

    [Fact]
    public void The_seed_is_fixed_in_CI_and_drawn_elsewhere()
    {
        Assert.Equal(Props.ChooseSeed(given: null, ci: "true"), Props.ChooseSeed(given: "", ci: "true"));
        Assert.NotEqual(Props.ChooseSeed(given: null, ci: null), Props.ChooseSeed(given: null, ci: null));
        Assert.Equal(new PropsSeed(12, 35, Size: null), Props.ChooseSeed("12,35", ci: "true"));
        Assert.Equal(new PropsSeed(12, 35, 4), Props.ChooseSeed("12, 35, 4", ci: null));
        for (int i = 0; i < 100; i++)
            Assert.Equal(1UL, Props.ChooseSeed(given: null, ci: null).Gamma % 2);
    }

    [Theory]
    [InlineData("12")]
    [InlineData("12,34")]
    [InlineData("12,35,x")]
    [InlineData("12,35,4,5")]
    [InlineData("-12,35")]
    [InlineData("a,b")]
    public void A_malformed_seed_is_refused_by_name(string text) =>
        Assert.Contains("RINGKIT_SEED", Assert.Throws<FormatException>(() => PropsSeed.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_malformed_number_of_cases_is_refused_by_name()
    {
        Assert.Equal(7, Props.ChooseMaxTest("7", otherwise: 3));
        Assert.Equal(3, Props.ChooseMaxTest(given: null, otherwise: 3));
        foreach (string text in new[] { "0", "-1", "x", "1.5" })
        {
            Assert.Contains(
                "RINGKIT_MAXTEST", Assert.Throws<FormatException>(() => Props.ChooseMaxTest(text, 3)).Message, StringComparison.Ordinal);
        }
    }
}
