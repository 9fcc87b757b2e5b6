namespace RingKit.Mmu.HashTable.Images;

/// <summary>A dump or a stream is no whole table: truncated, too large or garbled.</summary>
/// <remarks>Whoever throws it has changed nothing: there is no new table, and a table that was there is as it was.</remarks>
public sealed class TableFormatException : FormatException
{
    /// <summary>Says what is wrong, and where.</summary>
    /// <param name="byteOffset">The first byte that is wrong, or the input's length if something is missing.</param>
    /// <param name="problem">What is wrong there; the message names the offset before it.</param>
    /// <param name="cause">What made it known, or null.</param>
    public TableFormatException(long byteOffset, string problem, Exception? cause = null)
        : base($"byte {byteOffset}: {problem}", cause) => ByteOffset = byteOffset;

    /// <summary>Where the input is wrong, in bytes from the first that was read; of compressed input, in bytes of what it holds.</summary>
    public long ByteOffset { get; }
}
