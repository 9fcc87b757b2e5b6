namespace RingKit.Mmu.Migration.Streams;

/// <summary>Reads a stream to the byte and knows where it is.</summary>
internal sealed class StreamBytes(Stream stream, CancellationToken cancellation)
{
    private readonly byte[] _small = new byte[MigrationFormat.RecordSize];

    /// <summary>The bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>Reads a few bytes.</summary>
    /// <param name="count">At most <see cref="MigrationFormat.RecordSize"/>.</param>
    /// <param name="what">What they are, for the message.</param>
    /// <returns>They, until the next read.</returns>
    /// <exception cref="MigrationStreamException">The stream ends first.</exception>
    public ReadOnlySpan<byte> Read(int count, string what)
    {
        ReadInto(_small.AsMemory(0, count), what);
        return _small.AsSpan(0, count);
    }

    /// <summary>Reads bytes.</summary>
    /// <param name="destination">Filled.</param>
    /// <param name="what">What they are, for the message.</param>
    /// <exception cref="MigrationStreamException">The stream ends first.</exception>
    public void ReadInto(Memory<byte> destination, string what)
    {
        int got = 0;
        while (got < destination.Length)
        {
            int some = ReadSome(destination[got..], Position + got);
            if (some == 0)
                throw new MigrationStreamException(
                    $"the stream ends after {got} of the {destination.Length} bytes of {what}.", Position + got, new EndOfStreamException());
            got += some;
        }

        Position += got;
    }

    private int ReadSome(Memory<byte> destination, long position)
    {
        try
        {
            return Blocking.Read(stream, destination, cancellation);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            throw new MigrationStreamException($"the stream failed: {failure.Message}", position, failure);
        }
    }
}
