using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Checkpoints;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Transfers;
using RingKit.Properties.Migration.Checkpoints;
using RingKit.Properties.Migration.Small;
using RingKit.Properties.Migration.Streams;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>Runs that end by an exception, and in whose ends something fails too: the log is stopped, and the guest goes on all the same.</summary>
public sealed class RunsEndTests
{
    [Fact]
    public void All_steps_are_taken_whatever_the_others_throw()
    {
        List<int> taken = [];
        Assert.Throws<InvalidDataException>(() => RunsEnd.TakeAll(
            () => taken.Add(0), () => throw new InvalidOperationException(), () => taken.Add(1), () => throw new InvalidDataException(), () => taken.Add(2)));
        Assert.Equal([0, 1, 2], taken);
    }

    [Fact]
    public void A_throttle_that_cannot_be_released_leaves_the_guest_running()
    {
        using var world = new MigrationWorld();
        var migration = new PreCopyMigration(
            world.Machine,
            world.Log,
            world.Guest,
            _ => FailsWhilePaused(world.Guest, world.Destination).Connect(),
            new MigrationOptions { Clock = world.Clock })
        {
            Throttle = new StuckThrottle(),
        };
        Assert.Throws<InvalidOperationException>(() => migration.Run(TestContext.Current.CancellationToken));
        Assert.Equal(1, world.Guest.Pauses);
        Assert.False(world.Guest.IsPaused);
        Assert.False(world.Source.Slots[0].LogsDirtyPages);
    }

    [Fact]
    public void Checkpoints_whose_stream_fails_in_an_unknown_way_leave_the_guest_running()
    {
        using var world = new CheckpointWorld("flat, bitmap", storesPerEpoch: 60);
        Assert.Throws<NotSupportedException>(() => world.Run(
            new CheckpointOptions { BufferPages = 1, MaximumEpochs = 4, Transfer = new MigrationOptions { BatchPages = 1 } },
            _ => new Loopback((pages, answers) => world.Receiver.Open(pages, answers, CancellationToken.None)) { Writing = () => FailIfPaused(world.Guest) },
            TestContext.Current.CancellationToken));
        Assert.Equal(1, world.Guest.Pauses);
        Assert.True(world.IsIntact);
    }

    private static Loopback FailsWhilePaused(SimulatedGuest guest, GuestMemory destination) => new(destination) { Writing = () => FailIfPaused(guest) };

    private static void FailIfPaused(SimulatedGuest guest)
    {
        if (guest.IsPaused)
            throw new NotSupportedException("Not while the guest is paused.");
    }

    private sealed class StuckThrottle : IGuestThrottle
    {
        public int Level => 0;

        public void Raise(in MigrationRound round)
        {
        }

        public void Release() => throw new InvalidOperationException("Stuck.");
    }
}
