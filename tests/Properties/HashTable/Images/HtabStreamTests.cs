using FsCheck.Fluent;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Images;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.HashTable.Images.TableFiles;

namespace RingKit.Properties.HashTable.Images;

/// <summary>KVM's stream: what is written is read back, and what is wrong is refused where it is wrong.</summary>
public sealed class HtabStreamTests
{
    private const ulong V = HpteV.Valid | 0x1234_5680;
    private const ulong R = 0x42_1192;

    // All of a table of the smallest order but its first two entries.
    private static readonly byte[] Rest = Run(2, 0, 16_382);

    [Fact]
    public void What_was_written_is_read_back()
    {
        Props.Check(
            Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
            {
                using HashedPageTable table = RandomTable(new Random(seed));
                byte[] expected = AsStreamed(table);
                foreach (HtabByteOrder order in (HtabByteOrder[])[HtabByteOrder.LittleEndian, HtabByteOrder.BigEndian])
                {
                    byte[] stream = KvmStream(table, order);
                    using HashedPageTable read = HtabStreamReader.Read(Pipe(stream), order);
                    using var found = TableImage.Read(new MemoryStream(stream));
                    if (found.Format != TableFormat.KvmHtabStream || !expected.AsSpan().SequenceEqual(BytesOf(read))
                        || !expected.AsSpan().SequenceEqual(BytesOf(found.Table)))
                    {
                        return false;
                    }
                }

                return true;
            }),
            nameof(What_was_written_is_read_back),
            maxTest: 100);
    }

    [Fact]
    public void Later_passes_carry_what_changed()
    {
        Props.Check(
            Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
            {
                var random = new Random(seed);
                using HashedPageTable before = RandomTable(random);
                using HashedPageTable now = RandomTable(random);
                for (ulong index = 0; index < now.EntryCount; index++)
                {
                    if (index % 97 < 90)
                        now.View[(nuint)index] = before.View[(nuint)index];
                }

                using var later = new MemoryStream();
                HtabStreamWriter.WriteChanges(later, now, before);
                byte[] expected = AsStreamed(now);

                // Behind the first pass in one stream, and by itself over a table that is there.
                byte[] first = KvmStream(before);
                using HashedPageTable both = HtabStreamReader.Read(new MemoryStream([.. first, .. later.ToArray()]));
                using HashedPageTable table = HtabStreamReader.Read(new MemoryStream(first));
                ulong changes = HtabStreamReader.Apply(new MemoryStream(later.ToArray()), table);
                return expected.AsSpan().SequenceEqual(BytesOf(both)) && expected.AsSpan().SequenceEqual(BytesOf(table))
                    && changes < now.EntryCount / 10;
            }),
            nameof(Later_passes_carry_what_changed),
            maxTest: 50);
    }

    [Fact]
    public void Nothing_changed_is_an_empty_pass()
    {
        using HashedPageTable table = RandomTable(new Random(3));
        using var later = new MemoryStream();
        HtabStreamWriter.WriteChanges(later, table, table);
        Assert.Equal(0, later.Length);
        using var other = new HashedPageTable(19);
        Assert.Throws<ArgumentException>(() => HtabStreamWriter.WriteChanges(later, table, other));
    }

    [Fact]
    public void Runs_longer_than_their_counters_are_parted()
    {
        using var table = new HashedPageTable(21);
        for (ulong index = 0; index < 66_000; index++)
            table[index] = new Hpte(V, R);
        byte[] stream = KvmStream(table, HtabByteOrder.BigEndian);
        Assert.Equal(Run(0, 65_535, 0), stream[..8]);
        Assert.Equal(Run(65_535, 465, 65_072), stream[(8 + (65_535 * 16))..(16 + (65_535 * 16))]);
        using HashedPageTable read = HtabStreamReader.Read(Pipe(stream), HtabByteOrder.BigEndian);
        Assert.Equal(BytesOf(table), BytesOf(read));
        using var found = TableImage.Read(Pipe(stream));
        Assert.Equal(TableFormat.KvmHtabStream, found.Format);
    }

    // KVM reads each entry while it holds the lock, and does not take the bit out.
    [Fact]
    public void The_lock_that_KVM_leaves_in_V_is_taken_out()
    {
        foreach (ulong left in (ulong[])[HpteV.HvLock, HpteV.HvLock | HpteV.Absent])
        {
            byte[] stream = [.. Run(0, 2, 0), .. Words(V | left, R, V, R), .. Rest];
            using HashedPageTable table = HtabStreamReader.Read(new MemoryStream(stream), HtabByteOrder.BigEndian);
            Assert.Equal(new Hpte(V, R), table[0]);
            Assert.Equal(new Hpte(V, R), table[1]);
        }
    }

    [Fact]
    public void A_later_pass_overwrites_and_removes()
    {
        byte[] stream = [.. Run(0, 2, 0), .. Words(V, R, V, R), .. Rest, .. Run(1, 1, 0), .. Words(V, R | HpteR.Changed), .. Run(0, 0, 1)];
        using HashedPageTable table = HtabStreamReader.Read(new MemoryStream(stream), HtabByteOrder.BigEndian);
        Assert.Equal(default, table[0]);
        Assert.Equal(new Hpte(V, R | HpteR.Changed), table[1]);
        Assert.Equal(18, table.Order);
    }

    [Fact]
    public void With_a_known_order_a_stream_may_begin_anywhere()
    {
        byte[] stream = [.. Run(100, 1, 7), .. Words(V, R), .. Run(300, 1, 0), .. Words(V, R)];
        using HashedPageTable table = HtabStreamReader.Read(new MemoryStream(stream), HtabByteOrder.BigEndian, order: 20);
        Assert.Equal(20, table.Order);
        Assert.Equal(2ul, HptStatistics.Of(table).Valid);
        Assert.Equal(new Hpte(V, R), table[300]);
        AssertRefused(() => HtabStreamReader.Read(new MemoryStream(stream), HtabByteOrder.BigEndian), stream.Length, "unknown order");
    }

    [Fact]
    public void Arguments_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("order", () => HtabStreamReader.Read(Stream.Null, order: 17));
        Assert.Throws<ArgumentOutOfRangeException>("order", () => HtabStreamReader.Read(Stream.Null, order: 37));
        Assert.Throws<ArgumentOutOfRangeException>("order", () => HtabStreamReader.Read(Stream.Null, order: 25, maximumOrder: 24));
        Assert.Throws<ArgumentOutOfRangeException>("byteOrder", () => HtabStreamReader.Read(Stream.Null, (HtabByteOrder)3));
        Assert.Throws<ArgumentOutOfRangeException>("order", () => QemuStreamReader.Read(Stream.Null, maximumOrder: 37));
        Assert.Throws<ArgumentOutOfRangeException>("order", () => RawTableReader.Read(Stream.Null, maximumOrder: 17));
    }

    [Fact]
    public void What_is_wrong_is_refused_at_its_offset()
    {
        byte[] begin = [.. Run(0, 2, 0), .. Words(V, R, V, R)];
        Refused(0, "ends after 0 entries", []);
        Refused(40, "ends after 2 entries", begin);
        Refused(40, "begins at entry 3 instead of 2", [.. begin, .. Run(3, 0, 1)]);
        Refused(40, "begins at entry 0 instead of 2", [.. begin, .. Run(0, 0, 1)]);
        Refused(40, "a run of no entries", [.. begin, .. Run(2, 0, 0)]);
        Refused(45, "ends inside the header", [.. begin, .. Run(2, 0, 5)[..5]]);
        Refused(50, "ends inside a run of 1 valid entries", [.. begin, .. Run(2, 1, 0), 1, 2]);
        Refused(24, "entry 1 is not valid", [.. Run(0, 2, 0), .. Words(V, R, V & ~1UL, R), .. Rest]);
        Refused(8, "entry 0 selects no page size", [.. Run(0, 2, 0), .. Words(V | HpteV.Large, 0x2000, V, R), .. Rest]);

        // Behind the first pass the table's size is known.
        Refused(48, "end beyond the table, which has 16384 entries", [.. begin, .. Rest, .. Run(16_383, 1, 1)]);
        Refused(48, "end beyond the table, which has 16384 entries", [.. begin, .. Rest, .. Run(uint.MaxValue, 65_535, 65_535)]);

        static void Refused(long offset, string problem, byte[] stream)
        {
            TableFormatException e = AssertRefused(
                () => HtabStreamReader.Read(new MemoryStream(stream), HtabByteOrder.BigEndian), stream.Length, problem);
            Assert.Equal(offset, e.ByteOffset);
            Assert.Contains(problem, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_larger_table_than_is_accepted_is_refused()
    {
        using var table = new HashedPageTable(20);
        byte[] stream = KvmStream(table);
        AssertRefused(() => HtabStreamReader.Read(new MemoryStream(stream), maximumOrder: 19), stream.Length, "order 20");
        HtabStreamReader.Read(new MemoryStream(stream), maximumOrder: 20).Dispose();
    }

    [Fact]
    public void Wherever_a_stream_breaks_off_it_is_refused_and_a_table_that_was_there_is_unchanged()
    {
        byte[] stream = [.. Run(0, 2, 3), .. Words(V, R, V, R), .. Run(5, 1, 0), .. Words(V, R), .. Run(6, 0, 16_378), .. Run(1, 1, 1), .. Words(V, R)];
        int[] whole = [72, stream.Length];
        using HashedPageTable there = RandomTable(new Random(5));
        byte[] before = BytesOf(there);
        for (int length = 0; length < stream.Length; length++)
        {
            byte[] cut = stream[..length];
            if (!whole.Contains(length))
                AssertRefused(() => HtabStreamReader.Read(Pipe(cut), HtabByteOrder.BigEndian), length, $"cut at {length}");
            if (length is 0 or 40 or 64 or 72)
                continue;
            Assert.Throws<TableFormatException>(() => HtabStreamReader.Apply(Pipe(cut), there, HtabByteOrder.BigEndian));
            Assert.Equal(before, BytesOf(there));
        }

        Assert.Equal(16_386ul, HtabStreamReader.Apply(Pipe(stream), there, HtabByteOrder.BigEndian));
    }

    [Fact]
    public void A_pass_that_is_wrong_at_its_end_changes_nothing()
    {
        using HashedPageTable there = RandomTable(new Random(6));
        byte[] before = BytesOf(there);
        foreach (byte[] wrong in (byte[][])[Run(16_380, 0, 5), Run(uint.MaxValue, 1, 1), Run(7, 0, 0), [.. Run(9, 1, 0), .. Words(0, R)]])
        {
            byte[] stream = [.. Run(0, 0, 16_384), .. wrong];
            Assert.Equal(wrong.Length == 8 ? 8 : 16, Assert.Throws<TableFormatException>(
                () => HtabStreamReader.Apply(new MemoryStream(stream), there, HtabByteOrder.BigEndian)).ByteOffset);
            Assert.Equal(before, BytesOf(there));
        }
    }
}
