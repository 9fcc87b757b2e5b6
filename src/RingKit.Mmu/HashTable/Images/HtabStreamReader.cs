using System.Numerics;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable.Images;

/// <summary>Reads what KVM's KVM_PPC_GET_HTAB_FD gives: runs of valid and invalid entries, a first pass over the whole table and later ones over what changed.</summary>
/// <remarks>
/// Headers are in the host's order of bytes, entries big-endian and in the format before ISA 3.0 on every host. R is the guest's own word: a guest-physical page number, with R
/// and C. In V the lock's bit is set, as KVM reads each entry while it is locked; it is taken away here. There is no magic number, and no word of the table's size.
/// Source: Linux Documentation/virt/kvm/api.rst, KVM_PPC_GET_HTAB_FD.
/// </remarks>
public static class HtabStreamReader
{
    /// <summary>Reads a stream from its first pass on, the later ones over it, up to the end.</summary>
    /// <param name="stream">Read from where it stands; not disposed.</param>
    /// <param name="byteOrder">That of the headers.</param>
    /// <param name="order">
    /// log2 of the table's size in bytes, or null: then the first pass must have every entry from the first on, as KVM's has, and its length says the size. A pass that was cut off
    /// at a power of two is a smaller table then, so give the order if you know it.
    /// </param>
    /// <param name="maximumOrder">log2 of the largest size in bytes that is accepted, <see cref="HptGeometry.MinimumOrder"/> to <see cref="HptGeometry.MaximumOrder"/>.</param>
    /// <returns>The table; the caller disposes it.</returns>
    /// <remarks>Memory grows with the valid entries that arrive, and has its full size when the stream has been found whole. Pages that hold no entry cost nothing.</remarks>
    /// <exception cref="TableFormatException">The stream breaks off or is garbled.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An order is out of its range, or the byte order is none.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for the table.</exception>
    public static HashedPageTable Read(
        Stream stream, HtabByteOrder byteOrder = HtabByteOrder.Native, int? order = null, int maximumOrder = HptGeometry.MaximumOrder)
    {
        ArgumentNullException.ThrowIfNull(stream);
        bool bigEndian = IsBigEndian(byteOrder);
        _ = new HptGeometry(maximumOrder);
        if (order is { } given && new HptGeometry(given).Order > maximumOrder)
            throw new ArgumentOutOfRangeException(nameof(order), order, $"The order must be at most the maximum order, {maximumOrder}.");

        using var input = new TableInput(stream);
        return Read(input, bigEndian, order, maximumOrder);
    }

    /// <summary>Reads further passes over a table that there is: all of them, or, if something is wrong with one, none.</summary>
    /// <param name="stream">Read from where it stands up to its end; not disposed.</param>
    /// <param name="table">Changed as the passes say, by this thread; nobody else writes it meanwhile.</param>
    /// <param name="byteOrder">That of the headers.</param>
    /// <returns>How many entries the passes held, valid and invalid; an entry of two passes counts twice.</returns>
    /// <exception cref="TableFormatException">The stream breaks off or is garbled; the table is as it was.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The byte order is none.</exception>
    /// <exception cref="ObjectDisposedException">The table is disposed.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static ulong Apply(Stream stream, HashedPageTable table, HtabByteOrder byteOrder = HtabByteOrder.Native)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(table);
        bool bigEndian = IsBigEndian(byteOrder);
        _ = table.View;

        // As much memory as the stream has bytes, and at most one run more.
        List<(HtabRecord Record, WordPair[] Entries)> changes = [];
        using var input = new TableInput(stream);
        while (!input.AtEnd)
        {
            long offset = input.Position;
            HtabRecord record = ReadHeader(input, bigEndian);
            record.Check(table.EntryCount, offset);
            var entries = new WordPair[record.ValidCount];
            ReadEntries(input, record, entries);
            changes.Add((record, entries));
        }

        ulong count = 0;
        foreach ((HtabRecord record, WordPair[] entries) in changes)
        {
            Apply(record, entries, table);
            count += (ulong)record.ValidCount + record.InvalidCount;
        }

        return count;
    }

    internal static HashedPageTable Read(TableInput input, bool bigEndian, int? order, int maximumOrder)
    {
        using var builder = new TableBuilder();
        ulong entryCount = new HptGeometry(order ?? maximumOrder).EntryCount;
        bool sized = order is not null;
        ulong position = 0;
        while (!input.AtEnd)
        {
            long offset = input.Position;
            HtabRecord record = ReadHeader(input, bigEndian);
            if (!sized && record.Index != position)
            {
                // KVM begins anew when it has been through the whole table, and not before.
                CheckSize(position, offset, $"the run begins at entry {record.Index} instead of {position}, and ");
                entryCount = position;
                sized = true;
            }

            record.Check(entryCount, offset);
            builder.Read(input, record, ReadEntries);
            position = record.End;
        }

        if (!sized)
        {
            CheckSize(position, input.Position, "");
            entryCount = position;
        }

        return builder.Build(BitOperations.Log2(entryCount) + 4);
    }

    internal static bool IsBigEndian(HtabByteOrder byteOrder) => byteOrder switch
    {
        HtabByteOrder.Native => !BitConverter.IsLittleEndian,
        HtabByteOrder.LittleEndian => false,
        HtabByteOrder.BigEndian => true,
        _ => throw new ArgumentOutOfRangeException(nameof(byteOrder), byteOrder, "The byte order must be Native, LittleEndian or BigEndian."),
    };

    private static HtabRecord ReadHeader(TableInput input, bool bigEndian)
    {
        long offset = input.Position;
        HtabRecord record = HtabRecord.Read(input, bigEndian);
        return record.IsEmpty
            ? throw new TableFormatException(offset, $"a run of no entries, at entry {record.Index}, which KVM does not write")
            : record;
    }

    // KVM itself refuses to load an entry of another page size (EINVAL).
    private static void ReadEntries(TableInput input, HtabRecord record, Span<WordPair> entries)
    {
        long start = input.Position;
        record.ReadEntries(input, entries);
        for (int i = 0; i < entries.Length; i++)
        {
            if (Hpte.FromRaw(entries[i]).PageSize is null)
                throw new TableFormatException(start + ((long)i * WordPair.SizeInBytes), $"entry {record.Index + (ulong)i} selects no page size that KVM accepts");
        }
    }

    private static void CheckSize(ulong entries, long offset, string before)
    {
        if (!HptGeometry.IsEntryCount(entries))
        {
            throw new TableFormatException(
                offset,
                $"{before}the first pass ends after {entries} entries: a table has a power of two of them, at least 2^{HptGeometry.MinimumOrder - 4}");
        }
    }

    private static void Apply(HtabRecord record, WordPair[] entries, HashedPageTable table)
    {
        ulong index = record.Index;
        foreach (WordPair entry in entries)
            table[index++] = Hpte.FromRaw(entry);
        for (; index < record.End; index++)
            table[index] = default;
    }
}
