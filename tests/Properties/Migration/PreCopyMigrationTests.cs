using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Checkpoints;
using RingKit.Mmu.Migration.Streams;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Migration.Small;
using RingKit.Properties.Migration.Streams;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>Rounds, limits and ends of a migration whose guest stores when it is told to.</summary>
public sealed class PreCopyMigrationTests
{
    [Fact]
    public void An_idle_guest_needs_one_round_and_a_last_one_without_pages()
    {
        using var world = new MigrationWorld();
        MigrationResult result = world.Run(new MigrationOptions());
        Assert.Equal(MigrationOutcome.Completed, result.Outcome);
        Assert.Equal([(1, false, 64L, 0L), (2, true, 0L, 0L)], result.Rounds.Select(round => (round.Number, round.IsFinal, round.PagesSent, round.DirtyPages)));
        Assert.True(world.IsEqual);
        Assert.True(world.Guest.IsPaused);
        Assert.Equal(1, world.Guest.Pauses);
    }

    [Fact]
    public void Zero_pages_travel_as_a_mark()
    {
        using var world = new MigrationWorld(filledPages: 3);
        MigrationResult result = world.Run(new MigrationOptions());
        Assert.Equal(64, result.PagesSent);
        Assert.Equal(61, result.ZeroPages);
        Assert.InRange(result.BytesSent, 3 * GuestPage.Size, (3 * GuestPage.Size) + 400);
        Assert.True(world.IsEqual);
    }

    [Fact]
    public void A_page_that_became_zero_is_zero_at_a_destination_that_had_something_else()
    {
        using var world = new MigrationWorld(filledPages: 0);
        world.Destination.Slots[0].Memory.AsSpan().Fill(0xee);
        Assert.Equal(64, world.Run(new MigrationOptions()).ZeroPages);
        Assert.True(world.IsEqual);
    }

    [Fact]
    public void Each_round_sends_what_the_guest_wrote_in_the_one_before()
    {
        using var world = new MigrationWorld(tick: TimeSpan.FromMilliseconds(1));
        int[] writes = [40, 20, 10, 0];
        MigrationResult result = world.Run(new MigrationOptions { DowntimeLimit = TimeSpan.Zero, BatchPages = 64, Progress = now => Write(now) });
        Assert.Equal([64, 40, 20, 10, 0], result.Rounds.Select(round => round.PagesSent));
        Assert.Equal([40, 20, 10, 0, 0], result.Rounds.Select(round => round.DirtyPages));
        Assert.True(world.IsEqual);
        foreach (MigrationRound round in result.Rounds)
        {
            Assert.Equal(ConvergenceRule.EstimateDowntime(round.DirtyPages, round.Bandwidth), round.EstimatedDowntime);
            Assert.Equal(round.DirtyPages * 4096 / round.Duration.TotalSeconds, round.DirtyRate, precision: 3);
        }

        void Write(MigrationProgress now)
        {
            if (now.Completed is null && now.Round <= writes.Length)
                world.Touch(writes[now.Round - 1]);
        }
    }

    [Fact]
    public void Progress_is_told_of_every_batch_and_every_round()
    {
        using var world = new MigrationWorld();
        List<MigrationProgress> seen = [];
        MigrationResult result = world.Run(new MigrationOptions { BatchPages = 16, Progress = seen.Add });
        Assert.Equal([48, 32, 16, 0], seen.Where(now => now is { Round: 1, Completed: null }).Select(now => now.PagesLeft));
        Assert.Equal(result.Rounds, seen.Where(now => now.Completed is not null).Select(now => now.Completed!.Value));
        Assert.Equal(result.BytesSent, seen[^1].BytesSent);
        Assert.Equal(seen.Select(now => now.BytesSent).Order(), seen.Select(now => now.BytesSent));
    }

    [Fact]
    public void The_bandwidth_limit_holds_while_the_guest_runs()
    {
        // 64 pages at 1 MB/s take a quarter of a second; a tenth of a second's worth may go at once.
        using var world = new MigrationWorld(tick: TimeSpan.FromTicks(1));
        MigrationResult result = world.Run(new MigrationOptions { BandwidthLimit = 1_000_000, BatchPages = 4, DowntimeLimit = TimeSpan.FromSeconds(1) });
        MigrationRound first = result.Rounds[0];
        Assert.InRange(first.Duration.TotalSeconds, (first.Bytes - 100_000 - (5 * GuestPage.Size)) / 1e6, first.Bytes / 1e6);
        Assert.InRange(world.Clock.Waited.TotalSeconds, 0.12, 0.27);
    }

    [Fact]
    public void The_last_round_is_sent_as_fast_as_it_goes()
    {
        using var world = new MigrationWorld(tick: TimeSpan.FromTicks(1));
        MigrationResult result = world.Run(new MigrationOptions { BandwidthLimit = 1000, MaximumRounds = 1, Progress = now => world.Touch(now.Completed is null ? 64 : 0) });
        Assert.Equal(64, result.Rounds[^1].PagesSent);
        Assert.True(result.Downtime < TimeSpan.FromMilliseconds(1));
        Assert.True(world.IsEqual);
    }

    [Theory]
    [InlineData(RoundLimitPolicy.StopGuest, MigrationOutcome.Completed)]
    [InlineData(RoundLimitPolicy.GiveUp, MigrationOutcome.NotConverged)]
    public void A_guest_that_never_rests_meets_the_limit_of_rounds(RoundLimitPolicy policy, MigrationOutcome outcome)
    {
        using var world = new MigrationWorld();
        MigrationResult result = world.Run(
            new MigrationOptions { DowntimeLimit = TimeSpan.Zero, MaximumRounds = 7, AtMaximumRounds = policy, Progress = _ => world.Touch(8) });
        Assert.Equal(outcome, result.Outcome);
        Assert.Equal(7, result.Rounds.Count(round => !round.IsFinal));
        Assert.Equal(policy == RoundLimitPolicy.GiveUp ? TimeSpan.Zero : result.Downtime, result.Downtime);
        Assert.Equal(policy == RoundLimitPolicy.StopGuest, world.Guest.IsPaused);
        Assert.Equal(policy == RoundLimitPolicy.StopGuest, world.Connections[0].IsComplete);
        Assert.False(world.Source.Slots[0].LogsDirtyPages);
    }

    [Fact]
    public void A_guest_that_writes_much_in_the_last_moment_is_let_go_again()
    {
        using var world = new MigrationWorld(storesBeforePause: 200);
        MigrationResult result = world.Run(new MigrationOptions { DowntimeLimit = TimeSpan.Zero, MaximumRounds = 5 });
        Assert.Equal(MigrationOutcome.Completed, result.Outcome);
        Assert.Equal(4, result.AbandonedStops);
        Assert.Equal(5, world.Guest.Pauses);
        Assert.True(world.IsEqual);
    }

    [Fact]
    public void And_if_it_does_so_for_ever_the_migration_gives_up_if_it_should()
    {
        using var world = new MigrationWorld(storesBeforePause: 200);
        MigrationResult result = world.Run(new MigrationOptions { DowntimeLimit = TimeSpan.Zero, MaximumRounds = 5, AtMaximumRounds = RoundLimitPolicy.GiveUp });
        Assert.Equal(MigrationOutcome.NotConverged, result.Outcome);
        Assert.Equal(5, result.AbandonedStops);
        Assert.False(world.Guest.IsPaused);
    }

    [Fact]
    public void A_migration_that_is_cancelled_leaves_the_guest_running_and_can_be_begun_again()
    {
        for (int at = 0; at < 40; at++)
        {
            using var world = new MigrationWorld();
            using var cancellation = new CancellationTokenSource();
            int left = at;
            MigrationResult result = world.Run(new MigrationOptions { BatchPages = 4, DowntimeLimit = TimeSpan.Zero, MaximumRounds = 4, Progress = _ => Go() }, cancellation: cancellation.Token);
            Assert.Equal(MigrationOutcome.Cancelled, result.Outcome);
            Assert.False(world.Guest.IsPaused);
            Assert.False(world.Source.Slots[0].LogsDirtyPages);
            Assert.False(world.Connections[0].IsComplete);
            Assert.True(world.Guest.IsIntact(world.Source));
            Assert.Null(world.Connections[0].Refusal);

            Assert.Equal(MigrationOutcome.Completed, world.Run(new MigrationOptions()).Outcome);
            Assert.True(world.IsEqual);

            void Go()
            {
                world.Guest.Store(10);
                if (left-- == 0)
                    cancellation.Cancel();
            }
        }
    }

    [Fact]
    public void Huge_pages_come_back_after_a_cancel()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1024);
        using var destination = new GuestMemory();
        destination.AddSlot(0, 0, 1024);
        using var machine = new VirtualMachine(memory, 1, new TdpOptions());
        using var log = new BitmapDirtyLog(machine);
        using var guest = new SimulatedGuest(machine, seed: 1);
        guest.Store(200);
        TdpMappings before = machine.Tdp!.CountMappings();
        Assert.Equal((0ul, 2ul), (before.Of4K, before.Of2M));

        using var cancellation = new CancellationTokenSource();
        var during = default(TdpMappings);
        MigrationResult result = new PreCopyMigration(
            machine, log, guest, _ => new Loopback(destination).Connect(), new MigrationOptions { Progress = now => Write(now) }).Run(cancellation.Token);
        Assert.Equal(MigrationOutcome.Cancelled, result.Outcome);
        Assert.Equal(0ul, during.Of2M);
        Assert.Equal(before, machine.Tdp!.CountMappings());
        Assert.True(guest.IsIntact(memory));

        void Write(MigrationProgress now)
        {
            guest.Store(200);
            during = machine.Tdp!.CountMappings();
            if (now.Completed is not null)
                cancellation.Cancel();
        }
    }

    [Fact]
    public void An_exception_of_the_progress_comes_out_when_the_guest_goes_on()
    {
        using var world = new MigrationWorld(storesBeforePause: 6);
        Assert.Throws<InvalidDataException>(() => world.Run(new MigrationOptions { Progress = now => Fail(now) }));
        Assert.Equal(1, world.Guest.Pauses);
        Assert.False(world.Guest.IsPaused);
        Assert.False(world.Source.Slots[0].LogsDirtyPages);
        Assert.Null(world.Guest.FullRings);

        // In the last round, when the guest is paused and the destination has not everything.
        void Fail(MigrationProgress now)
        {
            if (world.Guest.IsPaused && now.Completed is null)
                throw new InvalidDataException();
        }
    }

    [Fact]
    public void Bad_arguments_are_refused_by_name()
    {
        using var world = new MigrationWorld();
        using var other = new MigrationWorld();
        Func<int, MigrationConnection> connect = _ => new Loopback(world.Destination).Connect();
        Assert.Throws<ArgumentException>("log", () => new PreCopyMigration(world.Machine, other.Log, world.Guest, connect));
        Assert.Throws<ArgumentNullException>("machine", () => new PreCopyMigration(null!, world.Log, world.Guest, connect));
        Assert.Throws<ArgumentNullException>("connect", () => new PreCopyMigration(world.Machine, world.Log, world.Guest, null!));

        (string Name, MigrationOptions Options)[] bad =
        [
            ("BandwidthLimit", new MigrationOptions { BandwidthLimit = 0 }),
            ("BandwidthLimit", new MigrationOptions { BandwidthLimit = MigrationOptions.MaximumBandwidth + 1 }),
            ("DowntimeLimit", new MigrationOptions { DowntimeLimit = TimeSpan.FromTicks(-1) }),
            ("MaximumRounds", new MigrationOptions { MaximumRounds = 0 }),
            ("AtMaximumRounds", new MigrationOptions { AtMaximumRounds = (RoundLimitPolicy)2 }),
            ("ThrottleTrigger", new MigrationOptions { ThrottleTrigger = double.NaN }),
            ("Retries", new MigrationOptions { Retries = -1 }),
            ("RetryDelay", new MigrationOptions { RetryDelay = TimeSpan.FromTicks(-1) }),
            ("BatchPages", new MigrationOptions { BatchPages = 0 }),
            ("BatchPages", new MigrationOptions { BatchPages = MigrationFormat.MaximumBatchPages + 1 }),
            ("AcknowledgedPages", new MigrationOptions { AcknowledgedPages = 0 }),
            ("AcknowledgementTimeout", new MigrationOptions { AcknowledgementTimeout = TimeSpan.Zero }),
            ("AcknowledgementTimeout", new MigrationOptions { AcknowledgementTimeout = TimeSpan.FromDays(60) }),
        ];
        foreach ((string name, MigrationOptions options) in bad)
            Assert.Throws<ArgumentOutOfRangeException>(name, () => new PreCopyMigration(world.Machine, world.Log, world.Guest, connect, options));
    }

    [Fact]
    public void A_guest_without_bytes_is_refused()
    {
        using var memory = new GuestMemory();
        memory.AddSlotWithoutBytes(0, 0, 10);
        using var machine = new VirtualMachine(memory);
        using var log = new BitmapDirtyLog(machine);
        Assert.Throws<ArgumentException>("machine", () => new PreCopyMigration(machine, log, new SimulatedGuest(machine, 1), _ => throw new InvalidOperationException()));
        Assert.Throws<ArgumentException>("memory", () => new MigrationReceiver(memory));
        Assert.Throws<ArgumentException>("memory", () => new CheckpointReceiver(memory));
    }
}
