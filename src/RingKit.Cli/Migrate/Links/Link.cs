using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Cli.Migrate.Links;

/// <summary>What lies between a migration's source and its destination, which is in this process.</summary>
/// <remarks>Thread role: one thread. What receives meanwhile is a thread of the link's own.</remarks>
internal abstract class Link : IDisposable
{
    /// <summary>The source's end.</summary>
    public abstract MigrationConnection Source { get; }

    /// <summary>Opens a link to a destination.</summary>
    /// <param name="via">What it is.</param>
    /// <param name="destination">The memory at its other end.</param>
    /// <exception cref="Commands.CommandException">It cannot be opened.</exception>
    public static Link Open(Via via, GuestMemory destination) => via switch
    {
        { Path: { } path } => new FileLink(path, destination),
        _ when via == Via.Pipe => ThreadLink.OverPipes(destination),
        _ => ThreadLink.OverTcp(destination),
    };

    /// <summary>After a migration that is complete: waits until the destination has all that was sent.</summary>
    /// <param name="cancellation">Ends what is still to be received.</param>
    /// <exception cref="MigrationStreamException">The stream is corrupt or ends early.</exception>
    /// <exception cref="IOException">The link failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public abstract void Finish(CancellationToken cancellation);

    /// <summary>After <see cref="Dispose"/>: what the destination found wrong with what it received, or null.</summary>
    public virtual Exception? Complaint => null;

    /// <summary>Closes both ends; no thread is left that receives.</summary>
    public abstract void Dispose();
}
