using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Images;
using RingKit.Properties.Support;
using RingKit.Sweeps;
using Xunit;

namespace RingKit.Properties.HashTable.Images;

/// <summary>The table of a guest that has booted Debian's installer. What must be found was counted by another program.</summary>
public sealed class RealTables
{
    private const ulong FoldOfChangedIndices = 0xa011_be94_c8a1_d672;

    [Fact]
    public void The_counts_are_those_of_another_program()
    {
        using HashedPageTable table = Dump();
        var counts = HptStatistics.Of(table);
        Assert.Equal(22, table.Order);
        Assert.Equal(262_144ul, counts.Entries);
        Assert.Equal(9_415ul, counts.Valid);
        Assert.Equal(0ul, counts.Absent);
        Assert.Equal(9_415ul, counts.Referenced);
        Assert.Equal(8_583ul, counts.Changed);
        Assert.Equal(8_200ul, counts.Bolted);
        Assert.Equal(0ul, counts.Secondary);
        Assert.Equal(9_415ul, counts.Large);
        Assert.Equal(7_889ul, counts.Writable);
        Assert.Equal(8_192ul, counts.DistinctChangedFrames);
        Assert.Equal(0ul, counts.OfNoPageSize);
        Assert.Equal([(HptePageSize.Medium, 9_415ul)], counts.PageSizes);
    }

    [Fact]
    public void The_changed_entries_are_those_of_another_program()
    {
        using HashedPageTable table = Dump();
        ulong fold = 0;
        for (ulong index = 0; index < table.EntryCount; index++)
        {
            if (table[index] is { IsValid: true, IsChanged: true })
                fold = (fold * 31) + index;
        }

        Assert.Equal(FoldOfChangedIndices, fold);
    }

    [Fact]
    public void Every_valid_entry_stands_in_the_group_that_its_own_words_hash_to()
    {
        using HashedPageTable table = Dump();
        int small = 0;
        int large = 0;
        for (ulong index = 0; index < table.EntryCount; index++)
        {
            Hpte entry = table[index];
            if (!entry.IsValid)
                continue;

            Assert.True(table.Geometry.Places(entry, index / HptGeometry.EntriesPerGroup), $"{entry} at {index}");
            if (entry.IsOneTebibyteSegment)
                large++;
            else
                small++;
        }

        Assert.Equal(157, small);
        Assert.Equal(9_415 - 157, large);
        Report.Line($"{small + large} entries stand where they hash to, {small} of them in segments of 256 MiB");
    }

    [Fact]
    public void The_migration_stream_rebuilds_the_dump_byte_for_byte()
    {
        using HashedPageTable dump = Dump();
        byte[] stream = TableFiles.Unpacked(TableFiles.DebianStream);
        using HashedPageTable table = QemuStreamReader.Read(new MemoryStream(stream));
        Assert.Equal(TableFiles.BytesOf(dump), TableFiles.BytesOf(table));
        using HashedPageTable piped = QemuStreamReader.Read(TableFiles.Pipe(stream));
        Assert.Equal(TableFiles.BytesOf(dump), TableFiles.BytesOf(piped));
    }

    [Theory]
    [InlineData(HtabByteOrder.LittleEndian)]
    [InlineData(HtabByteOrder.BigEndian)]
    public void KVMs_stream_rebuilds_the_dump_byte_for_byte(HtabByteOrder byteOrder)
    {
        using HashedPageTable dump = Dump();
        byte[] stream = TableFiles.KvmStream(dump, byteOrder);
        using HashedPageTable table = HtabStreamReader.Read(new MemoryStream(stream), byteOrder);
        Assert.Equal(TableFiles.BytesOf(dump), TableFiles.BytesOf(table));
    }

    [Fact]
    public void The_format_is_found_by_the_first_bytes()
    {
        byte[] dump = TableFiles.Unpacked(TableFiles.DebianDump);
        using HashedPageTable table = Dump();
        (byte[] Bytes, TableFormat Format)[] files =
        [
            (dump, TableFormat.RawDump),
            (TableFiles.Unpacked(TableFiles.DebianStream), TableFormat.QemuMigrationStream),
            (TableFiles.KvmStream(table, HtabByteOrder.LittleEndian), TableFormat.KvmHtabStream),
            (TableFiles.KvmStream(table, HtabByteOrder.BigEndian), TableFormat.KvmHtabStream),
        ];
        foreach ((byte[] bytes, TableFormat format) in files)
        {
            foreach (Stream stream in (Stream[])[new MemoryStream(bytes), TableFiles.Pipe(bytes)])
            {
                using var image = TableImage.Read(stream);
                Assert.Equal(format, image.Format);
                Assert.Equal(dump, TableFiles.BytesOf(image.Table));
            }
        }
    }

    [Fact]
    public void A_table_laid_over_foreign_memory_is_the_same_one()
    {
        using HashedPageTable dump = Dump();
        using var laid = new HashedPageTable(dump.View);
        dump.Dispose();
        Assert.Equal(8_583ul, HptStatistics.Of(laid).Changed);
        laid[5] = new Hpte(HpteV.Valid | HpteV.HvLock, HpteR.Changed);
        Assert.Equal(new WordPair(1UL << 56, 0x80UL << 56), laid.View[5]);
        Assert.Equal(8_584ul, HptStatistics.Of(laid).Changed);
        Assert.Throws<ArgumentOutOfRangeException>(() => laid[laid.EntryCount]);
        Assert.Throws<ArgumentException>(() => new HashedPageTable(laid.View.Slice(0, 16_383)));
        Assert.Throws<ArgumentException>(() => new HashedPageTable(laid.View.Slice(0, 8_192)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HashedPageTable(17));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HashedPageTable(37));
        laid.Dispose();
        Assert.Throws<ObjectDisposedException>(() => laid[0]);
        Assert.Throws<ObjectDisposedException>(() => laid.View);
    }

    private static HashedPageTable Dump() => RawTableReader.Read(new MemoryStream(TableFiles.Unpacked(TableFiles.DebianDump)));
}
