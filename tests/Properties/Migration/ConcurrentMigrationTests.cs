using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Streams;
using RingKit.Mmu.Throttling;
using RingKit.Properties.Migration.Small;
using RingKit.Properties.Migration.Streams;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>vCPUs on threads of their own, a destination on another, and a real stream between.</summary>
public sealed class ConcurrentMigrationTests
{
    public static TheoryData<string> Kinds => [.. SmallMachine.All.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Memory_is_equal_at_the_end_over_tcp(string name)
    {
        using var guest = new MigratedGuest(name);
        using var destination = new Destination(guest.Destination);
        MigrationResult result = guest.Migrate(
            _ => destination.Connect(), new MigrationOptions { MaximumRounds = 6, DowntimeLimit = TimeSpan.FromMilliseconds(1), BatchPages = 16 });
        Assert.True(destination.IsComplete());
        guest.CheckCompleted(result);
        Report.Line($"{name}: {result.Rounds.Count} rounds, {result.PagesSent} pages, {result.FullRings} full rings, downtime {result.Downtime.TotalMilliseconds:F1} ms");
    }

    [Theory]
    [InlineData("flat, ring")]
    [InlineData("stage 2, bitmap")]
    public void Connections_that_break_are_taken_up_again(string name)
    {
        using var guest = new MigratedGuest(name);
        using var destination = new Destination(guest.Destination);
        MigrationResult result = guest.Migrate(
            retry => destination.Connect(retry < 5 ? 100_000 * (retry + 1) : long.MaxValue),
            new MigrationOptions { MaximumRounds = 20, DowntimeLimit = TimeSpan.Zero, BatchPages = 16, AcknowledgedPages = 64, Retries = 5 });
        Assert.True(destination.IsComplete());
        Assert.Equal(5, result.Retries);
        Assert.IsType<IOException>(result.Failure);
        guest.CheckCompleted(result);
    }

    [Fact]
    public void Memory_is_equal_at_the_end_over_pipes()
    {
        using var guest = new MigratedGuest("flat, ring");
        using var pipes = new Pipes();
        var receiver = new MigrationReceiver(guest.Destination);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var receiving = new Thread(() => receiver.Receive(pipes.Arriving, pipes.Answers, cancellation)) { IsBackground = true };
        receiving.Start();
        MigrationResult result = guest.Migrate(_ => pipes.Connect());
        Assert.True(receiving.Join(TimeSpan.FromSeconds(60)));
        Assert.True(receiver.IsComplete);
        guest.CheckCompleted(result);
    }

    [Fact]
    public void Memory_is_equal_at_the_end_over_a_file()
    {
        string path = Path.GetTempFileName();
        try
        {
            using var guest = new MigratedGuest("flat, bitmap");
            MigrationResult result;
            using (var file = new FileStream(path, FileMode.Create))
                result = guest.Migrate(_ => new MigrationConnection(file));
            using (var file = new FileStream(path, FileMode.Open))
                Assert.True(new MigrationReceiver(guest.Destination).Receive(file).IsComplete);
            Assert.Equal(new FileInfo(path).Length, result.BytesSent);
            guest.CheckCompleted(result);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_migration_that_waits_for_a_destination_that_reads_nothing_can_be_cancelled()
    {
        using var guest = new MigratedGuest("flat, ring");
        using var pipes = new Pipes();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        MigrationResult result = guest.Migrate(_ => pipes.Connect(), cancellation: cancellation.Token);
        Assert.Equal(MigrationOutcome.Cancelled, result.Outcome);
        Assert.DoesNotContain(guest.Machine.Memory.Slots, slot => slot.LogsDirtyPages);
        guest.CheckGoesOn();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_guest_that_is_too_fast_is_held_back_until_it_is_not(bool byQuota)
    {
        using var guest = new MigratedGuest("flat, bitmap");
        using var byTime = new AutoConvergeThrottle(guest.Machine);
        using var quota = new DirtyQuotaThrottle(guest.Machine, TimeSpan.FromMilliseconds(10));
        using var destination = new Destination(guest.Destination);
        IGuestThrottle throttle = byQuota ? new QuotaThrottle(quota, guest.Machine.Vcpus.Length) : new TimeThrottle(byTime);
        guest.Start(byQuota ? quota : byTime);

        // 10 MB/s: all pages take 240 ms, in which all are written again.
        var options = new MigrationOptions
        {
            BandwidthLimit = 10_000_000,
            DowntimeLimit = TimeSpan.FromMilliseconds(100),
            MaximumRounds = 100,
            AtMaximumRounds = RoundLimitPolicy.GiveUp,
        };
        MigrationResult result = guest.Migrate(_ => destination.Connect(), options, throttle);
        Report.Line($"{(byQuota ? "quota" : "time")}: {result.Outcome} after {result.Rounds.Count} rounds, level {result.Rounds.Max(round => round.ThrottleLevel)} %");
        Assert.Contains(result.Rounds, round => round.ThrottleLevel > 0);
        Assert.Equal(0, throttle.Level);
        Assert.True(result.Outcome is MigrationOutcome.Completed or MigrationOutcome.NotConverged);
        if (result.Outcome == MigrationOutcome.Completed)
            guest.CheckCompleted(result);
        else
            guest.CheckGoesOn();
        if (byQuota)
            Assert.Equal(MigrationOutcome.Completed, result.Outcome);
    }
}
