namespace RingKit.Mmu.Migration.Streams;

/// <summary>A source's way to its destination: a stream of pages, and the destination's acknowledgements if it sends any.</summary>
/// <remarks>Thread role: one migration at a time; <see cref="Dispose"/> by any thread, which makes a transfer that waits fail.</remarks>
public sealed class MigrationConnection : IDisposable
{
    /// <summary>Takes two streams, and disposes them with itself.</summary>
    /// <param name="pages">Takes the pages: a file, a pipe.</param>
    /// <param name="acknowledgements">
    /// Gives what the destination answers, or null where nobody does, as with a file: what is written and flushed counts as arrived then.
    /// </param>
    /// <exception cref="ArgumentNullException">There is no stream for the pages.</exception>
    /// <exception cref="ArgumentException">The streams cannot be written, or read.</exception>
    public MigrationConnection(Stream pages, Stream? acknowledgements = null)
    {
        ArgumentNullException.ThrowIfNull(pages);
        if (!pages.CanWrite)
            throw new ArgumentException("The stream cannot be written.", nameof(pages));
        if (acknowledgements is { CanRead: false })
            throw new ArgumentException("The stream cannot be read.", nameof(acknowledgements));
        Pages = pages;
        Acknowledgements = acknowledgements;
    }

    /// <summary>Takes the pages.</summary>
    public Stream Pages { get; }

    /// <summary>Gives what the destination answers, or null.</summary>
    public Stream? Acknowledgements { get; }

    /// <summary>Takes a stream that goes both ways, such as a socket's.</summary>
    /// <param name="stream">Takes the pages and gives the acknowledgements.</param>
    /// <exception cref="ArgumentNullException">There is no stream.</exception>
    /// <exception cref="ArgumentException">The stream cannot be written, or read.</exception>
    public static MigrationConnection Duplex(Stream stream) => new(stream, stream);

    /// <inheritdoc/>
    public void Dispose()
    {
        Pages.Dispose();
        Acknowledgements?.Dispose();
    }
}
