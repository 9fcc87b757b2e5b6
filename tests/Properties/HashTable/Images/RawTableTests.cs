using System.IO.Compression;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Images;
using RingKit.Properties.Cli;
using Xunit;
using static RingKit.Properties.HashTable.Images.TableFiles;

namespace RingKit.Properties.HashTable.Images;

public sealed class RawTableTests
{
    private static readonly byte[] Dump = MakeDump();

    [Fact]
    public void A_dump_is_a_table_byte_for_byte()
    {
        foreach (int length in (int[])[1 << 18, 1 << 19, 1 << 20])
        {
            foreach (Stream stream in (Stream[])[new MemoryStream(Dump[..length]), Pipe(Dump[..length])])
            {
                using HashedPageTable table = RawTableReader.Read(stream);
                Assert.Equal(1 << table.Order, length);
                Assert.Equal(Dump[..length], BytesOf(table));
            }
        }
    }

    [Fact]
    public void Lengths_that_no_table_has_are_refused()
    {
        foreach (int length in (int[])[0, 1, 16, (1 << 18) - 1, (1 << 18) + 1, 3 << 17, (1 << 19) - 16, (1 << 19) + 16, (1 << 20) - 1])
        {
            TableFormatException seeking = AssertRefused(() => RawTableReader.Read(new MemoryStream(Dump[..length])), length, $"{length}");
            TableFormatException piped = AssertRefused(() => RawTableReader.Read(Pipe(Dump[..length])), length, $"{length} piped");
            Assert.Equal(length, seeking.ByteOffset);
            Assert.Equal(length, piped.ByteOffset);
        }
    }

    [Fact]
    public void A_longer_dump_than_is_accepted_is_refused()
    {
        foreach (Stream stream in (Stream[])[new MemoryStream(Dump), Pipe(Dump)])
            Assert.Equal(1 << 19, AssertRefused(() => RawTableReader.Read(stream, maximumOrder: 19), Dump.Length, "too long").ByteOffset);
        RawTableReader.Read(Pipe(Dump), maximumOrder: 20).Dispose();
    }

    [Fact]
    public void A_stream_is_read_from_where_it_stands()
    {
        var stream = new MemoryStream(Dump) { Position = 1 << 19 };
        using HashedPageTable table = RawTableReader.Read(stream);
        Assert.Equal(Dump[(1 << 19)..], BytesOf(table));
    }

    [Fact]
    public void A_gzip_stream_that_breaks_off_is_refused_at_the_byte_where_it_does()
    {
        byte[] gzip = TraceFiles.Gzip(Dump);
        foreach (int cut in (int[])[20, 1000, gzip.Length / 2, gzip.Length - 8, gzip.Length - 1])
        {
            using var broken = new GZipStream(new MemoryStream(gzip[..cut]), CompressionMode.Decompress);
            AssertRefused(() => RawTableReader.Read(broken), Dump.Length, $"cut at {cut}");
        }
    }

    [Fact]
    public void A_dump_of_a_POWER9_hosts_table_is_read_in_the_older_format()
    {
        var entry = new Hpte(HpteV.OneTebibyte | HpteV.Valid | 0x1234_5680, 0x42_1192);
        byte[] dump = new byte[1 << 18];
        Words(entry.ToIsa30().V, entry.ToIsa30().R).CopyTo(dump, 16);
        using HashedPageTable table = RawTableReader.Read(new MemoryStream(dump), isa30: true);
        Assert.Equal(entry, table[1]);
        Assert.Equal(entry.ToIsa30(), Hpte.FromRaw(table.View[1]));
        table[2] = entry;
        Assert.Equal(table.View[1], table.View[2]);
    }

    private static byte[] MakeDump()
    {
        byte[] dump = new byte[1 << 20];
        new Random(11).NextBytes(dump);
        return dump;
    }
}
