using CommunityToolkit.HighPerformance.Buffers;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Mmu.Migration.Checkpoints;

/// <summary>A stream of epochs: what arrives is kept aside, and written when its epoch is complete.</summary>
internal sealed class CheckpointSession(
    GuestMemory memory, uint? lastEpoch, Action<uint> commit, Stream pages, Stream? acknowledgements, CancellationToken cancellation)
    : ReceivingSession(memory, pages, acknowledgements, cancellation), IDisposable
{
    private readonly List<(MemorySlot Slot, MemoryOwner<byte> Bytes, int RunBytes)> _aside = [];
    private readonly long _mostPages = memory.Slots.Sum(slot => (long)slot.PageCount);
    private uint? _lastEpoch = lastEpoch;
    private long _pagesOfEarlier;

    /// <summary>Forgets what belongs to no whole epoch.</summary>
    public void Dispose()
    {
        foreach ((_, MemoryOwner<byte> bytes, _) in _aside)
            bytes.Dispose();
        _aside.Clear();
    }

    private protected override void Take(in ReceivedBatch batch)
    {
        // There is no earlier epoch to stand at.
        if (_lastEpoch is null)
        {
            batch.Apply();
            return;
        }

        // An epoch has each page once. That bounds the batches too, and so what is kept aside for small ones.
        if (Receipt.Pages - _pagesOfEarlier > _mostPages)
            throw new MigrationStreamException("the epoch has more pages than the memory.", Receipt.Bytes);
        int size = batch.Runs.Length + batch.Contents.Length;
        MemoryOwner<byte> bytes = MemoryOwner<byte>.Allocate(size);
        batch.Runs.CopyTo(bytes.Span);
        batch.Contents.CopyTo(bytes.Span[batch.Runs.Length..]);
        _aside.Add((batch.Slot, bytes, batch.Runs.Length));
    }

    private protected override void EndEpoch(uint epoch, long offset)
    {
        if (epoch <= _lastEpoch)
            throw new MigrationStreamException($"epoch {epoch} follows epoch {_lastEpoch}.", offset + 4);
        foreach ((MemorySlot slot, MemoryOwner<byte> bytes, int runBytes) in _aside)
            new ReceivedBatch(slot, bytes.Span[..runBytes], bytes.Span[runBytes..]).Apply();
        Dispose();
        _pagesOfEarlier = Receipt.Pages;
        _lastEpoch = epoch;
        commit(epoch);
    }

    private protected override void End(long offset) =>
        throw new MigrationStreamException("checkpoints have no end but the source's own: the stream is a migration's.", offset);
}
