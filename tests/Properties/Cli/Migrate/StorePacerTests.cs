using FsCheck.Fluent;
using RingKit.Cli.Migrate.Workloads;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Cli.Migrate;

public sealed class StorePacerTests
{
    // However the vCPU looks at the clock: never more than the rate gives, and no less than a batch, as long as it looks often enough.
    [Fact]
    public void Stores_follow_the_rate() => Props.Check(
        Prop.ForAll(
            (from rate in Gen.Choose(1, 2_000_000) from looks in Gen.Choose(1, 1500).ArrayOf(400) select (rate, looks)).ToArbitrary(),
            run =>
            {
                var clock = new ManualClock();
                var pacer = new StorePacer(run.rate, clock);
                double elapsed = 0, granted = 0;
                foreach (int look in run.looks)
                {
                    clock.Advance(TimeSpan.FromMicroseconds(look));
                    elapsed += look / 1e6;
                    for (int batch; (batch = pacer.Grant()) > 0;)
                        granted += batch;
                    Assert.Equal(granted, pacer.Stores);
                    Assert.InRange(granted, elapsed * run.rate - 1.001, elapsed * run.rate + 0.001);
                }
            }),
        nameof(Stores_follow_the_rate));

    [Fact]
    public void After_the_time_that_it_says_there_is_a_millisecond_of_stores()
    {
        foreach (double rate in (double[])[0.5, 1, 999, 25_600, 3_000_000])
        {
            var clock = new ManualClock();
            var pacer = new StorePacer(rate, clock);
            Assert.Equal(0, pacer.Grant());
            TimeSpan wait = pacer.Wait;
            Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromSeconds(1));
            for (int waits = 0; waits < 3 && pacer.Wait == TimeSpan.FromSeconds(1); waits++)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                pacer.Grant();
            }

            clock.Advance(pacer.Wait + TimeSpan.FromMicroseconds(1));
            Assert.InRange(pacer.Grant(), (int)Math.Min(1, rate), (int)Math.Max(1, rate / 999));
        }
    }

    [Fact]
    public void An_idle_vcpu_stores_nothing()
    {
        var clock = new ManualClock();
        var pacer = new StorePacer(0, clock);
        for (int hour = 0; hour < 10; hour++)
        {
            clock.Advance(TimeSpan.FromHours(1));
            Assert.Equal(0, pacer.Grant());
            Assert.Equal(TimeSpan.FromSeconds(1), pacer.Wait);
        }
    }

    [Fact]
    public void An_unlimited_vcpu_never_waits()
    {
        var pacer = new StorePacer(double.PositiveInfinity, new ManualClock());
        int first = pacer.Grant();
        Assert.InRange(first, 1, int.MaxValue);
        Assert.Equal(0ul, pacer.Stores);
        Assert.Equal(first, pacer.Grant());
        Assert.Equal((ulong)first, pacer.Stores);
    }

    [Fact]
    public void What_a_stopped_vcpu_missed_is_not_made_up_for()
    {
        var clock = new ManualClock();
        var pacer = new StorePacer(10_000, clock);
        clock.Advance(TimeSpan.FromHours(1));
        int granted = 0;
        for (int batch; (batch = pacer.Grant()) > 0;)
            granted += batch;
        Assert.Equal(1000, granted);
    }

    [Fact]
    public void Lost_time_gives_no_stores()
    {
        var clock = new ManualClock();
        var pacer = new StorePacer(10_000, clock);
        clock.Advance(TimeSpan.FromMilliseconds(5));
        pacer.LoseTime();
        Assert.Equal(0, pacer.Grant());
        clock.Advance(TimeSpan.FromMilliseconds(5));
        Assert.Equal(50, pacer.Grant());
    }
}
