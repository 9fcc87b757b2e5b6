using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Streams;
using Xunit;

namespace RingKit.Properties.Migration.Streams;

/// <summary>A destination that is there and reads no more: the guest does not wait for it for ever.</summary>
public sealed class StalledDestinationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_destination_that_reads_no_more_is_a_failed_transfer(bool onlyWhenPaused)
    {
        using var world = new MigrationWorld();
        using var tooLong = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var migration = new PreCopyMigration(
            world.Machine, world.Log, world.Guest, _ => Connect(), new MigrationOptions { Clock = world.Clock, AcknowledgementTimeout = Patience });
        MigrationResult result = migration.Run(tooLong.Token);
        Assert.Equal(MigrationOutcome.Failed, result.Outcome);
        Assert.Contains("did not read", Assert.IsType<TimeoutException>(result.Failure).Message, StringComparison.Ordinal);
        Assert.Equal(onlyWhenPaused ? 1 : 0, world.Guest.Pauses);
        Assert.False(world.Guest.IsPaused);

        MigrationConnection Connect()
        {
            MigrationConnection connection = new Loopback(world.Destination).Connect();
            int writes = 0;
            return new MigrationConnection(new Full(connection.Pages, () => onlyWhenPaused ? world.Guest.IsPaused : ++writes > 1), connection.Acknowledgements);
        }
    }

    /// <summary>A stream whose buffer may be full.</summary>
    private sealed class Full(Stream inner, Func<bool> isFull) : SimpleStream
    {
        public override bool CanWrite => true;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (isFull())
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            await inner.WriteAsync(buffer, cancellationToken);
        }
    }
}
