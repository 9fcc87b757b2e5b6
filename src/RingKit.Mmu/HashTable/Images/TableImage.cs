namespace RingKit.Mmu.HashTable.Images;

/// <summary>A table from a dump or a stream of any known format, found out by its first bytes.</summary>
public sealed class TableImage : IDisposable
{
    private TableImage(TableFormat format, HashedPageTable table)
    {
        Format = format;
        Table = table;
    }

    /// <summary>How it was written down.</summary>
    public TableFormat Format { get; }

    /// <summary>The table. It goes with this object.</summary>
    public HashedPageTable Table { get; }

    /// <summary>Reads a table.</summary>
    /// <param name="stream">Read from where it stands; not disposed. Compressed input is given as the stream that decompresses it.</param>
    /// <param name="maximumOrder">log2 of the largest size in bytes that is accepted, <see cref="HptGeometry.MinimumOrder"/> to <see cref="HptGeometry.MaximumOrder"/>.</param>
    /// <remarks>
    /// A QEMU stream has a magic number. KVM's is known by its first two headers, which agree in one order of bytes: it must begin with a first pass. Anything else is a raw dump.
    /// </remarks>
    /// <exception cref="TableFormatException">The input is empty, truncated, too large or garbled, or no table at all.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The maximum order is out of range.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for the table.</exception>
    public static TableImage Read(Stream stream, int maximumOrder = HptGeometry.MaximumOrder)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _ = new HptGeometry(maximumOrder);
        using var input = new TableInput(stream);
        if (input.AtEnd)
            throw new TableFormatException(0, "the input is empty");

        if (input.Peek(4) is [(byte)'Q', (byte)'E', (byte)'V', (byte)'M'])
            return new TableImage(TableFormat.QemuMigrationStream, QemuStreamReader.Read(input, maximumOrder));

        return HtabStreamDetection.Find(input) is { } bigEndian
            ? new TableImage(TableFormat.KvmHtabStream, HtabStreamReader.Read(input, bigEndian, order: null, maximumOrder))
            : new TableImage(TableFormat.RawDump, RawTableReader.Read(input, maximumOrder));
    }

    /// <inheritdoc/>
    public void Dispose() => Table.Dispose();
}
