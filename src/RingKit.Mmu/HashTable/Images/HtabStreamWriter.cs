using System.Runtime.InteropServices;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable.Images;

/// <summary>Writes a table as KVM's KVM_PPC_GET_HTAB_FD gives it, and as a descriptor of the same call that is open for writing takes it.</summary>
/// <remarks>
/// R goes out as it is in the table, so the table is to hold the guest's view, as one that was read from a stream does; V without the two bits that the hypervisor keeps there, and
/// an absent entry as a valid one.
/// </remarks>
public static class HtabStreamWriter
{
    private const int EntriesPerWrite = 256;

    /// <summary>Writes a first pass: every entry, in runs of valid and invalid ones of at most 65,535 each.</summary>
    /// <param name="stream">Where to; not disposed and not flushed.</param>
    /// <param name="table">Nobody writes it meanwhile.</param>
    /// <param name="byteOrder">That of the headers: the one of the host that is to read it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The byte order is none.</exception>
    /// <exception cref="ObjectDisposedException">The table is disposed.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(Stream stream, HashedPageTable table, HtabByteOrder byteOrder = HtabByteOrder.Native)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(table);
        bool bigEndian = HtabStreamReader.IsBigEndian(byteOrder);
        for (ulong index = 0; index < table.EntryCount;)
            index = WriteRun(stream, index, bigEndian, table, before: null);
    }

    /// <summary>Writes a later pass: the entries that differ, for a reader who has the table as it was before.</summary>
    /// <param name="stream">Where to; not disposed and not flushed.</param>
    /// <param name="table">The table now. Nobody writes it meanwhile.</param>
    /// <param name="before">What the reader has: a table of the same order.</param>
    /// <param name="byteOrder">That of the headers.</param>
    /// <exception cref="ArgumentException">The tables are not of one order.</exception>
    /// <inheritdoc cref="Write" path="/exception"/>
    public static void WriteChanges(
        Stream stream, HashedPageTable table, HashedPageTable before, HtabByteOrder byteOrder = HtabByteOrder.Native)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(before);
        if (before.Order != table.Order)
            throw new ArgumentException($"The table has order {table.Order}, the one before {before.Order}.", nameof(before));

        bool bigEndian = HtabStreamReader.IsBigEndian(byteOrder);
        for (ulong index = 0; index < table.EntryCount;)
        {
            if (Differs(index, table, before))
                index = WriteRun(stream, index, bigEndian, table, before);
            else
                index++;
        }
    }

    private static ulong WriteRun(Stream stream, ulong start, bool bigEndian, HashedPageTable table, HashedPageTable? before)
    {
        ulong invalid = EndOfRun(start, valid: true, table, before);
        ulong end = EndOfRun(invalid, valid: false, table, before);
        Span<byte> header = stackalloc byte[HtabRecord.SizeInBytes];
        new HtabRecord((uint)start, (ushort)(invalid - start), (ushort)(end - invalid)).Write(header, bigEndian);
        stream.Write(header);

        Span<WordPair> entries = stackalloc WordPair[EntriesPerWrite];
        while (start < invalid)
        {
            int count = (int)Math.Min(EntriesPerWrite, invalid - start);
            for (int i = 0; i < count; i++)
                entries[i] = Outside(table[start + (ulong)i]).ToRaw();
            stream.Write(MemoryMarshal.AsBytes(entries[..count]));
            start += (ulong)count;
        }

        return end;
    }

    private static ulong EndOfRun(ulong index, bool valid, HashedPageTable table, HashedPageTable? before)
    {
        ulong bound = Math.Min(table.EntryCount, index + ushort.MaxValue);
        while (index < bound && table[index].IsPresent == valid && Differs(index, table, before))
            index++;
        return index;
    }

    private static bool Differs(ulong index, HashedPageTable table, HashedPageTable? before) =>
        before is null || Outside(table[index]) != Outside(before[index]);

    // An entry as the guest knows it. What is left in the words of one that is not there is nobody's.
    private static Hpte Outside(Hpte entry) =>
        entry.IsPresent ? entry with { V = (entry.V & ~(HpteV.HvLock | HpteV.Absent)) | HpteV.Valid } : default;
}
