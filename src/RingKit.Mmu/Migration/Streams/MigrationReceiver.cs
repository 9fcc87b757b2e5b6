using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>The destination of a migration: takes a stream into a memory that has the same slots as the source's.</summary>
/// <remarks>
/// Thread role: one <see cref="Receive"/> at a time, by any thread. Nothing is written but by records that arrived whole, with the right checksums, and inside
/// the slots. After a failure the source may go on over a new connection: what has been received stays. The guest may not run here before
/// <see cref="IsComplete"/>; and as the answer to the end may be lost, and the source goes on then, it is asked first: docs/migration.md.
/// </remarks>
public sealed class MigrationReceiver
{
    private readonly Lock _one = new();

    /// <summary>Makes the destination.</summary>
    /// <param name="memory">Its memory; the pages may have any contents.</param>
    /// <exception cref="ArgumentNullException">There is no memory.</exception>
    /// <exception cref="ArgumentException">A slot has no bytes of its own.</exception>
    public MigrationReceiver(GuestMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        PreCopyMigration.CheckBytes(memory, nameof(memory));
        Memory = memory;
    }

    /// <summary>The memory.</summary>
    public GuestMemory Memory { get; }

    /// <summary>Whether the source's end has come: the memory was the guest's when the source sent it.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Receives over one connection, until the source's end, or until it gives up.</summary>
    /// <param name="pages">Where the pages come from.</param>
    /// <param name="acknowledgements">Where the answers go, or null where the source expects none, as from a file.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What has come. Its <see cref="MigrationReceipt.IsComplete"/> is false if the source gave up.</returns>
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
            IsComplete = false;
            var session = new MigrationSession(Memory, pages, acknowledgements, cancellation);
            session.Begin();
            while (session.Step())
                cancellation.ThrowIfCancellationRequested();

            IsComplete = session.Receipt.IsComplete;
            return session.Receipt;
        }
        finally
        {
            _one.Exit();
        }
    }
}
