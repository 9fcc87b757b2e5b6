using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Checkpoints;
using RingKit.Mmu.Migration.Streams;
using RingKit.Properties.Migration.Checkpoints;
using RingKit.Properties.Migration.Streams;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>When the destination has everything, the guest does not go on at the source; and what those throw who watch is no failed transfer.</summary>
public sealed class MigrationEndTests
{
    [Fact]
    public void What_progress_throws_after_the_end_leaves_the_guest_to_the_destination()
    {
        using var world = new MigrationWorld();
        Assert.Throws<IOException>(() => world.Run(new MigrationOptions { Retries = 3, Progress = Fail }, cancellation: TestContext.Current.CancellationToken));
        Assert.True(Assert.Single(world.Connections).IsComplete);
        Assert.True(world.Guest.IsPaused);
        Assert.True(world.IsEqual);
        Assert.False(world.Source.Slots[0].LogsDirtyPages);

        static void Fail(MigrationProgress now)
        {
            if (now.Completed is { IsFinal: true })
                throw new IOException("The console's pipe is closed.");
        }
    }

    [Fact]
    public void What_progress_throws_after_a_batch_is_no_failed_transfer()
    {
        using var world = new MigrationWorld();
        Assert.Throws<IOException>(() => world.Run(
            new MigrationOptions { Retries = 3, Progress = _ => throw new IOException("The console's pipe is closed.") },
            cancellation: TestContext.Current.CancellationToken));
        Assert.False(Assert.Single(world.Connections).IsComplete);
        Assert.False(world.Guest.IsPaused);
    }

    [Fact]
    public void What_progress_throws_after_an_epoch_is_no_failed_transfer()
    {
        using var world = new CheckpointWorld();
        var options = new CheckpointOptions
        {
            MaximumEpochs = 2,
            Progress = _ => throw new IOException("The console's pipe is closed."),
            Transfer = new MigrationOptions { Retries = 3, Clock = world.Clock },
        };
        int connections = 0;
        Assert.Throws<IOException>(
            () => new CheckpointReplication(world.Machine, world.Log, world.Guest, Connect, options).Run(TestContext.Current.CancellationToken));
        Assert.Equal((1, 0u), (connections, world.Receiver.LastEpoch));

        MigrationConnection Connect(int retry)
        {
            connections++;
            return world.Loopback().Connect();
        }
    }

    [Fact]
    public void A_cancel_behind_the_end_waits_for_its_answer()
    {
        using var world = new MigrationWorld();
        using var cancellation = new CancellationTokenSource();
        var loopback = new Loopback(world.Destination) { Writing = CancelInTheEnd };
        var migration = new PreCopyMigration(world.Machine, world.Log, world.Guest, _ => Connect(), new MigrationOptions { Clock = world.Clock });
        Assert.Equal(MigrationOutcome.Completed, migration.Run(cancellation.Token).Outcome);
        Assert.True(cancellation.IsCancellationRequested);
        Assert.True(loopback.IsComplete);
        Assert.True(world.Guest.IsPaused);

        MigrationConnection Connect()
        {
            MigrationConnection connection = loopback.Connect();
            return new MigrationConnection(connection.Pages, new Attentive(connection.Acknowledgements!));
        }

        // Nothing was stored: the last round is its end alone.
        void CancelInTheEnd()
        {
            if (world.Guest.IsPaused)
                cancellation.Cancel();
        }
    }

    /// <summary>A stream that looks at its tokens.</summary>
    private sealed class Attentive(Stream inner) : SimpleStream
    {
        public override bool CanRead => true;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return inner.ReadAsync(buffer, cancellationToken);
        }
    }
}
