using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>A migration's stream: what arrives is written at once.</summary>
internal sealed class MigrationSession(GuestMemory memory, Stream pages, Stream? acknowledgements, CancellationToken cancellation)
    : ReceivingSession(memory, pages, acknowledgements, cancellation)
{
    private protected override void Take(in ReceivedBatch batch) => batch.Apply();

    private protected override void EndEpoch(uint epoch, long offset) =>
        throw new MigrationStreamException("an epoch has no place in a migration: the stream is one of checkpoints.", offset);

    private protected override void End(long offset)
    {
        // All is there.
    }
}
