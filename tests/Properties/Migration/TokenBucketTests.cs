using RingKit.Mmu.Migration.Pacing;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>The bandwidth limit, by a clock that is told the time.</summary>
public sealed class TokenBucketTests
{
    [Fact]
    public void A_sender_that_waits_as_told_never_exceeds_the_limit_and_uses_all_of_it()
    {
        var random = new Random(128);
        for (int run = 0; run < 200; run++)
        {
            double limit = Math.Pow(10, 3 + (random.NextDouble() * 7));
            TimeSpan now = TimeSpan.FromSeconds(random.Next(100)), start = now;
            var bucket = new TokenBucket(limit, now);
            double sent = 0;
            long largest = 0;
            for (int i = 0; i < 200; i++)
            {
                long bytes = 1 + (long)(random.NextDouble() * limit / 5);
                largest = Math.Max(largest, bytes);
                sent += bytes;
                now += bucket.Pay(bytes, now);
                double allowed = ((now - start).TotalSeconds * limit) + (limit / 10);
                Assert.True(sent <= allowed + 1 + (limit / 1e6), $"{sent} bytes at {(now - start).TotalSeconds} s with {limit} bytes/s");
            }

            // Whoever always sends loses no token.
            Assert.True(sent >= ((now - start).TotalSeconds * limit) - largest - 1, $"{sent} bytes in {(now - start).TotalSeconds} s with {limit} bytes/s");
        }
    }

    [Fact]
    public void What_was_not_used_is_kept_for_a_tenth_of_a_second()
    {
        var bucket = new TokenBucket(1000, TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromMilliseconds(100), bucket.Pay(100, TimeSpan.Zero));
        Assert.Equal(TimeSpan.FromMilliseconds(150), bucket.Pay(50, TimeSpan.Zero));
        Assert.Equal(TimeSpan.Zero, bucket.Pay(100, TimeSpan.FromHours(1)));
        Assert.Equal(TimeSpan.FromMilliseconds(1), bucket.Pay(1, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Without_a_limit_nobody_waits_and_with_the_smallest_one_no_time_overflows()
    {
        Assert.Equal(TimeSpan.Zero, new TokenBucket(double.PositiveInfinity, TimeSpan.Zero).Pay(long.MaxValue, TimeSpan.Zero));
        Assert.True(new TokenBucket(1, TimeSpan.Zero).Pay(long.MaxValue, TimeSpan.Zero) > TimeSpan.FromDays(1000));
    }

    [Theory]
    [InlineData(24)]
    [InlineData(60)]
    [InlineData(10_000_000)]
    public void Any_time_can_be_waited_for(int days)
    {
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        SystemMigrationClock.Instance.Wait(TimeSpan.FromDays(days), cancellation.Token);
    }
}
