using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Clients;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Checkpoints;
using RingKit.Properties.Migration.Checkpoints;
using RingKit.Properties.Migration.Streams;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>A migration, or checkpoints, as one of a log's clients, while a display is another.</summary>
public sealed class MigratingClientTests
{
    [Fact]
    public void A_display_misses_nothing_while_a_migration_harvests()
    {
        using var world = new MigrationWorld(storesBeforePause: 6);
        using var clients = new DirtyLogClients(world.Machine);
        using DirtyLogClient display = clients.Join("display");
        using DirtyLogClient migration = clients.Join("migration");
        byte[] screen = world.Source.Slots[0].Memory.AsSpan().ToArray();
        display.Start();
        world.Guest.Store(20);
        var options = new MigrationOptions { Clock = world.Clock, BatchPages = 4, Progress = _ => world.Guest.Store(1) };
        MigrationResult result = new PreCopyMigration(world.Machine, migration, world.Guest, _ => new Loopback(world.Destination).Connect(), options)
            .Run(TestContext.Current.CancellationToken);
        Assert.Equal(MigrationOutcome.Completed, result.Outcome);
        Assert.True(world.IsEqual);

        // The migration's end does not stop the display.
        Assert.True(world.Source.Slots[0].LogsDirtyPages);
        var sink = new CopySink(screen);
        display.HarvestRuns(ref sink);
        Assert.True(world.Source.Slots[0].Memory.AsSpan().SequenceEqual(screen));
    }

    [Fact]
    public void Checkpoints_of_a_client_stand_at_their_last_epoch()
    {
        using var world = new CheckpointWorld();
        using var clients = new DirtyLogClients(world.Machine);
        using DirtyLogClient display = clients.Join("display");
        using DirtyLogClient client = clients.Join("checkpoints");
        display.Start();
        var options = new CheckpointOptions { MaximumEpochs = 4, Transfer = new MigrationOptions { Clock = world.Clock } };
        CheckpointResult result = new CheckpointReplication(world.Machine, client, world.Guest, _ => world.Loopback().Connect(), options)
            .Run(TestContext.Current.CancellationToken);
        Assert.Equal((MigrationOutcome.Completed, 4L), (result.Outcome, result.Epochs));
        Assert.Equal(3u, world.Receiver.LastEpoch);
        Assert.True(MemoryVerifier.Compare(world.Machine.Memory, world.Destination).IsEqual);
        Assert.True(display.MayHavePages());
    }

    [Fact]
    public void A_client_of_another_machines_log_is_refused()
    {
        using var world = new MigrationWorld();
        using var other = new MigrationWorld();
        using var clients = new DirtyLogClients(other.Machine);
        using DirtyLogClient client = clients.Join("migration");
        Assert.Throws<ArgumentException>("log", () => new PreCopyMigration(world.Machine, client, world.Guest, _ => new Loopback(world.Destination).Connect()));
    }

    private readonly struct CopySink(byte[] screen) : IDirtyPageRunSink
    {
        public void Accept(MemorySlot slot, ulong offset, ulong count)
        {
            int at = (int)(offset << GuestPage.Shift), length = (int)(count << GuestPage.Shift);
            slot.Memory.AsSpan().Slice(at, length).CopyTo(screen.AsSpan(at));
        }
    }
}
