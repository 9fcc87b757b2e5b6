using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Mmu.Migration.Checkpoints;

/// <summary>The destination of checkpoints: its memory stands at the end of a whole epoch, whatever happens to the stream.</summary>
/// <remarks>
/// Until the first epoch is complete there is nothing to stand at: <see cref="LastEpoch"/> is null, and what arrives is written at once. From then on the
/// pages of an
/// epoch are kept aside until its end has arrived, and then written together. A stream that breaks leaves the last whole epoch, and a new one goes on from
/// there.
/// <para>Thread role: one <see cref="Receive"/> at a time, by any thread. The memory is read when none is on.</para>
/// </remarks>
public sealed class CheckpointReceiver
{
    private readonly Lock _one = new();
    private readonly Lock _lock = new();
    private uint? _lastEpoch;

    /// <summary>Makes the destination.</summary>
    /// <param name="memory">Its memory; the pages may have any contents.</param>
    /// <exception cref="ArgumentNullException">There is no memory.</exception>
    /// <exception cref="ArgumentException">A slot has no bytes of its own.</exception>
    public CheckpointReceiver(GuestMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        PreCopyMigration.CheckBytes(memory, nameof(memory));
        Memory = memory;
    }

    /// <summary>The memory.</summary>
    public GuestMemory Memory { get; }

    /// <summary>The epoch at whose end the memory stands, or null before the first. Any thread.</summary>
    public uint? LastEpoch
    {
        get
        {
            lock (_lock)
                return _lastEpoch;
        }
    }

    /// <summary>Receives over one connection, until the source says that nothing more comes.</summary>
    /// <param name="pages">Where the pages come from.</param>
    /// <param name="acknowledgements">Where the answers go, or null where the source expects none.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What has come, pages of an incomplete epoch among it.</returns>
    /// <exception cref="ArgumentNullException">There is no stream.</exception>
    /// <exception cref="InvalidOperationException">Another thread is receiving.</exception>
    /// <exception cref="MigrationStreamException">The stream is corrupt, ends early, fails, or is another memory's.</exception>
    /// <exception cref="IOException">An answer cannot be sent.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public MigrationReceipt Receive(Stream pages, Stream? acknowledgements = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(pages);
        if (!_one.TryEnter())
            throw new InvalidOperationException("A destination receives over one connection at a time.");
        try
        {
            using CheckpointSession session = Open(pages, acknowledgements, cancellation);
            session.Begin();
            while (session.Step())
                cancellation.ThrowIfCancellationRequested();
            return session.Receipt;
        }
        finally
        {
            _one.Exit();
        }
    }

    /// <summary>A session of this destination.</summary>
    internal CheckpointSession Open(Stream pages, Stream? acknowledgements, CancellationToken cancellation) =>
        new(Memory, LastEpoch, Commit, pages, acknowledgements, cancellation);

    private void Commit(uint epoch)
    {
        lock (_lock)
            _lastEpoch = epoch;
    }
}
