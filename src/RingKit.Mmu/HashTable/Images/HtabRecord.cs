using System.Buffers.Binary;
using System.Runtime.InteropServices;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable.Images;

/// <summary>The header that both streams have: so many valid entries from an index on, which follow it, and then so many invalid ones, which do not.</summary>
internal readonly record struct HtabRecord(uint Index, ushort ValidCount, ushort InvalidCount)
{
    public const int SizeInBytes = 8;

    private const string What = "the header of a run of entries";

    /// <summary>The entry behind the last; in 64 bits it does not wrap.</summary>
    public ulong End => (ulong)Index + ValidCount + InvalidCount;

    public bool IsEmpty => (ValidCount | InvalidCount) == 0;

    public static HtabRecord Read(TableInput input, bool bigEndian)
    {
        Span<byte> bytes = stackalloc byte[SizeInBytes];
        input.ReadExactly(bytes, What);
        return Parse(bytes, bigEndian);
    }

    public static HtabRecord Parse(ReadOnlySpan<byte> bytes, bool bigEndian) => bigEndian
        ? new(
            BinaryPrimitives.ReadUInt32BigEndian(bytes),
            BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]),
            BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]))
        : new(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]));

    public void Write(Span<byte> bytes, bool bigEndian)
    {
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, Index);
            BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], ValidCount);
            BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], InvalidCount);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, Index);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], ValidCount);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], InvalidCount);
        }
    }

    /// <summary>Reads the valid entries: as they lie in a table, without the two bits that the hypervisor keeps in V.</summary>
    /// <remarks>KVM's stream has the lock's bit set in every V, as each is read while it is locked; QEMU keeps a mark of its own in it.</remarks>
    public void ReadEntries(TableInput input, Span<WordPair> entries)
    {
        long start = input.Position;
        input.ReadExactly(MemoryMarshal.AsBytes(entries), $"a run of {ValidCount} valid entries");
        ulong valid = Hpte.Swap(HpteV.Valid);
        ulong hypervisors = Hpte.Swap(HpteV.HvLock | HpteV.Absent);
        for (int i = 0; i < entries.Length; i++)
        {
            if ((entries[i].First & valid) == 0)
                throw new TableFormatException(start + ((long)i * WordPair.SizeInBytes), $"entry {Index + (ulong)i} is not valid, in a run of valid ones");
            entries[i].First &= ~hypervisors;
        }
    }

    /// <summary>Refuses a run that goes beyond the table.</summary>
    public void Check(ulong entryCount, long offset)
    {
        if (End > entryCount)
        {
            throw new TableFormatException(
                offset,
                $"{ValidCount} valid and {InvalidCount} invalid entries from {Index} on end beyond the table, which has {entryCount} entries");
        }
    }
}
