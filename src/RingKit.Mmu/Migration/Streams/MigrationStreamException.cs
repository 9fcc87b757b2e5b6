namespace RingKit.Mmu.Migration.Streams;

/// <summary>A migration stream is corrupt, truncated, or does not fit the memory: nothing of the record that shows it was applied.</summary>
public sealed class MigrationStreamException : IOException
{
    /// <summary>Says what is wrong.</summary>
    public MigrationStreamException()
        : this("The migration stream is corrupt.", 0)
    {
    }

    /// <summary>Says what is wrong.</summary>
    /// <param name="message">What is wrong.</param>
    public MigrationStreamException(string message)
        : this(message, 0)
    {
    }

    /// <summary>Says what is wrong, and why.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">Why.</param>
    public MigrationStreamException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Says what is wrong, and where.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="byteOffset">Where, in bytes from the start of the stream.</param>
    public MigrationStreamException(string message, long byteOffset)
        : base($"Byte {byteOffset}: {message}") => ByteOffset = byteOffset;

    internal MigrationStreamException(string message, long byteOffset, Exception innerException)
        : base($"Byte {byteOffset}: {message}", innerException) => ByteOffset = byteOffset;

    /// <summary>Where the record, or the field, begins that shows it: bytes from the start of the stream.</summary>
    public long ByteOffset { get; }
}
