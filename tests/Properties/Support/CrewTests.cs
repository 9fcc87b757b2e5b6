using Xunit;

namespace RingKit.Properties.Support;

public sealed class CrewTests
{
    [Fact]
    public void A_thread_that_waits_in_vain_fails_by_name()
    {
        var crew = new Crew(TimeSpan.FromMilliseconds(50));
        var failure = Assert.Throws<AggregateException>(() => crew.Run(("waiter", () => Wait(crew))));
        Assert.Contains("'waiter'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("nothing at all", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_ends_the_others()
    {
        var crew = new Crew(TimeSpan.FromSeconds(30));
        var failure = Assert.Throws<AggregateException>(() => crew.Run(
            ("waiter", () => Wait(crew)), ("other", () => throw new InvalidOperationException("broken"))));
        Assert.Contains("broken", Assert.Single(failure.InnerExceptions).Message, StringComparison.Ordinal);
    }

    private static void Wait(Crew crew)
    {
        for (int rounds = 0; ;)
            crew.Idle(ref rounds, "nothing at all");
    }
}
