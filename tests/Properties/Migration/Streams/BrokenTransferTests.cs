using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Streams;
using RingKit.Properties.Migration.Small;
using Xunit;

namespace RingKit.Properties.Migration.Streams;

/// <summary>Transfers that break, or bring other bytes than were sent, at every place there is; the guest writes all the while.</summary>
public sealed class BrokenTransferTests
{
    private static readonly MigrationOptions Options = new() { BatchPages = 2, AcknowledgedPages = 4, DowntimeLimit = TimeSpan.Zero, MaximumRounds = 3 };

    [Fact]
    public void A_connection_that_breaks_anywhere_is_taken_up_again_and_nothing_is_lost()
    {
        long length = LengthOfOne();
        for (long at = 0; at < length; at++)
        {
            using var world = new World();
            MigrationResult result = world.Run(Options with { Retries = 1 }, retry => new Loopback(world.Destination) { BreaksAfter = retry == 0 ? at : long.MaxValue });
            Assert.Equal((MigrationOutcome.Completed, 1), (result.Outcome, result.Retries));
            Assert.True(world.IsEqual, $"broken after {at} bytes");
        }
    }

    [Fact]
    public void A_connection_that_breaks_for_good_leaves_the_guest_running()
    {
        // Each connection brings less than everything. What it brings is not sent again, so that three may be enough.
        long length = LengthOfOne();
        int failures = 0;
        for (long at = 0; at < length; at += 7)
        {
            using var world = new World();
            MigrationResult result = world.Run(Options with { Retries = 2 }, _ => new Loopback(world.Destination) { BreaksAfter = at });
            if (result.Outcome == MigrationOutcome.Completed)
            {
                Assert.True(world.IsEqual, $"broken after {at} bytes");
                continue;
            }

            failures++;
            Assert.Equal((MigrationOutcome.Failed, 2), (result.Outcome, result.Retries));
            Assert.IsType<IOException>(result.Failure);
            Assert.DoesNotContain(world.Connections, connection => connection.IsComplete);
            world.CheckGoesOn();
        }

        Assert.True(failures > length / 7 / 4, $"{failures} failures in {length} bytes");
    }

    [Fact]
    public void A_byte_that_is_changed_anywhere_is_found_and_never_counts_as_equal()
    {
        long length = LengthOfOne();
        for (long at = 0; at < length; at++)
        {
            using var world = new World();
            byte change = (byte)(1 << (int)(at % 8));
            MigrationResult result = world.Run(Options, _ => new Loopback(world.Destination) { Corruption = (at, change) });
            Assert.Equal(MigrationOutcome.Failed, result.Outcome);
            Assert.InRange(world.Connections[0].Refusal!.ByteOffset, 0, at);
            Assert.Equal(world.Connections[0].Refusal!.ByteOffset, Assert.IsType<MigrationStreamException>(result.Failure).ByteOffset);
            Assert.False(world.Connections[0].IsComplete);
            world.CheckGoesOn();
        }
    }

    [Fact]
    public void An_answer_that_is_changed_anywhere_is_no_answer()
    {
        for (long at = 0; at < 12 * 32; at++)
        {
            using var world = new World();
            byte change = (byte)(1 << (int)(at % 8));
            MigrationResult result = world.Run(Options with { Retries = 1 }, retry => new Loopback(world.Destination) { CorruptAnswer = retry == 0 ? (at, change) : null });
            Assert.Equal(MigrationOutcome.Completed, result.Outcome);
            Assert.True(world.IsEqual, $"byte {at} of the answers changed");
            if (at < 32)
                Assert.Equal(1, result.Retries);
        }
    }

    [Fact]
    public void What_the_destination_has_confirmed_is_not_sent_again()
    {
        using var world = new MigrationWorld(pages: 256);
        MigrationOptions options = new() { BatchPages = 4, AcknowledgedPages = 8, Retries = 1 };
        MigrationResult result = world.Run(options, retry => new Loopback(world.Destination) { BreaksAfter = retry == 0 ? 200 * GuestPage.Size : long.MaxValue });
        Assert.Equal((MigrationOutcome.Completed, 1), (result.Outcome, result.Retries));
        Assert.InRange(result.PagesSent, 256, 256 + 64 + 8);
        Assert.True(world.IsEqual);
    }

    [Fact]
    public void A_destination_that_cannot_be_reached_is_tried_as_often_as_allowed_with_the_delay_between()
    {
        using var world = new MigrationWorld();
        List<int> tries = [];
        MigrationResult result = world.Run(new MigrationOptions { Retries = 3, RetryDelay = TimeSpan.FromSeconds(2) }, retry => Refuse(retry));
        Assert.Equal((MigrationOutcome.Failed, 3), (result.Outcome, result.Retries));
        Assert.Equal([0, 1, 2, 3], tries);
        Assert.Equal(TimeSpan.FromSeconds(6), world.Clock.Waited);
        Assert.Empty(result.Rounds);
        Assert.False(world.Guest.IsPaused);

        Loopback Refuse(int retry)
        {
            tries.Add(retry);
            throw new IOException("Nobody is there.");
        }
    }

    [Fact]
    public void Another_exception_of_the_factory_is_no_failed_transfer()
    {
        using var world = new MigrationWorld();
        Assert.Throws<UnauthorizedAccessException>(() => world.Run(new MigrationOptions { Retries = 3 }, _ => throw new UnauthorizedAccessException()));
        Assert.False(world.Source.Slots[0].LogsDirtyPages);
    }

    [Fact]
    public void A_destination_of_other_slots_refuses_the_stream()
    {
        using var world = new MigrationWorld();
        using var other = new GuestMemory();
        other.AddSlot(0, 0, 65);
        MigrationResult result = world.Run(new MigrationOptions(), _ => new Loopback(other));
        Assert.Equal(MigrationOutcome.Failed, result.Outcome);
        Assert.IsType<MigrationStreamException>(result.Failure);
    }

    // The stream of a migration that nothing disturbs.
    private static long LengthOfOne()
    {
        using var world = new World();
        Assert.Equal(MigrationOutcome.Completed, world.Run(Options, _ => new Loopback(world.Destination)).Outcome);
        return world.Connections[0].Written;
    }

    /// <summary>Three pages in two slots, written between all batches.</summary>
    private sealed class World : IDisposable
    {
        private readonly GuestMemory _source = NewMemory();
        private readonly VirtualMachine _machine;
        private readonly RingDirtyLog _log;
        private readonly SimulatedGuest _guest;

        public World()
        {
            _machine = new VirtualMachine(_source);
            _log = new RingDirtyLog(_machine, ringEntries: 16, reservedEntries: 4);
            _guest = new SimulatedGuest(_machine, seed: 11);
            _guest.Store(5);
        }

        public GuestMemory Destination { get; } = NewMemory();

        public List<Loopback> Connections { get; } = [];

        public bool IsEqual => MemoryVerifier.Compare(_source, Destination).IsEqual;

        public MigrationResult Run(MigrationOptions options, Func<int, Loopback> connect)
        {
            var clock = new FakeClock { Tick = TimeSpan.FromMicroseconds(1) };
            return new PreCopyMigration(_machine, _log, _guest, Connect, options with { Clock = clock, Progress = _ => _guest.Store(1) }).Run();

            MigrationConnection Connect(int retry)
            {
                Connections.Add(connect(retry));
                return Connections[^1].Connect();
            }
        }

        public void CheckGoesOn()
        {
            Assert.False(_guest.IsPaused);
            Assert.True(_guest.IsIntact(_source));
            Assert.DoesNotContain(_source.Slots, slot => slot.LogsDirtyPages);
        }

        public void Dispose()
        {
            _guest.Dispose();
            _log.Dispose();
            _machine.Dispose();
            _source.Dispose();
            Destination.Dispose();
        }

        private static GuestMemory NewMemory()
        {
            var memory = new GuestMemory();
            memory.AddSlot(0, 0, 2);
            memory.AddSlot(1, 50, 1);
            return memory;
        }
    }
}
