using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Images;
using Xunit;
using static RingKit.Properties.HashTable.Images.TableFiles;

namespace RingKit.Properties.HashTable.Images;

/// <summary>QEMU's migration stream, section by section.</summary>
public sealed class QemuStreamTests
{
    private const ulong V = HpteV.Valid | 0x1234_5680;
    private const ulong R = 0x42_1192;

    private static readonly byte[] Header = [.. "QEVM"u8, .. UInt32(3)];
    private static readonly byte[] Footer = [0x7e, .. UInt32(9)];
    private static readonly byte[] Configuration = [7, .. UInt32(7), .. "pseries"u8];
    private static readonly byte[] Start = [.. Named(1, 9, "spapr/htab"), .. UInt32(18), .. Footer];
    private static readonly byte[] Command = [8, 0, 4, 0, 3, 1, 2, 3];
    private static readonly byte[] Chunks = [.. Run(4, 2, 0), .. Words(V, R, V | HpteV.HvLock, R), .. Run(100, 1, 3), .. Words(V, R)];
    private static readonly byte[] Part = [2, .. UInt32(9), .. UInt32(0), .. Chunks, .. Run(0, 0, 0), .. Footer];
    private static readonly byte[] End = [3, .. UInt32(9), .. UInt32(0), .. Run(5, 0, 1), .. Run(0, 0, 0), .. Footer];
    private static readonly byte[] Description = [6, .. UInt32(2), .. "{}"u8];
    private static readonly byte[] Whole = [.. Header, .. Configuration, .. Command, .. Start, .. Part, .. End, 0, .. Description];

    [Fact]
    public void Sections_of_known_length_are_read_past()
    {
        byte[][] streams =
        [
            Whole,
            [.. Header, .. Start, .. Part, .. End, 0],
            [.. Header, .. Start, .. Description, .. Part, .. Command, .. End, .. Description, 0],

            // Old machine types write no footers.
            [.. Header, .. Start[..^5], .. Part[..^5], .. End[..^5], 0],

            // Another device, of a length that nobody here knows, does no harm behind the table.
            [.. Header, .. Start, .. Part, .. End, .. Named(4, 10, "timer"), 1, 2, 3],
        ];
        foreach (byte[] stream in streams)
        {
            using HashedPageTable table = QemuStreamReader.Read(Pipe(stream));
            Assert.Equal(18, table.Order);
            Assert.Equal(new Hpte(V, R), table[4]);
            Assert.Equal(default, table[5]);
            Assert.Equal(new Hpte(V, R), table[100]);
            Assert.Equal(2ul, HptStatistics.Of(table).Valid);
        }
    }

    [Fact]
    public void Wherever_a_stream_breaks_off_it_is_refused()
    {
        // With the end marker it is whole; the description behind it is not needed.
        int marker = Whole.Length - Description.Length;
        for (int length = 0; length < Whole.Length; length++)
        {
            byte[] cut = Whole[..length];
            if (length != marker)
                AssertRefused(() => QemuStreamReader.Read(Pipe(cut)), length, $"cut at {length}");
        }
    }

    [Fact]
    public void What_is_wrong_is_refused_at_its_offset()
    {
        int start = Header.Length;
        int order = start + Start.Length - 9;
        int part = start + Start.Length;
        byte[] begun = [.. Header, .. Start];
        Refused(0, "not a migration stream", [.. "QEVN"u8, .. UInt32(3)]);
        Refused(4, "version 2", [.. "QEVM"u8, .. UInt32(2)]);
        Refused(start, "no section spapr/htab", [.. Header, 0]);
        Refused(start, "type 0x55", [.. Header, 0x55]);
        Refused(start, "a section of 'ram', instance 0", [.. Header, .. Named(1, 1, "ram"), 0, 0]);
        Refused(start, "a subsection 'x'", [.. Header, 5, 1, (byte)'x']);
        Refused(start, "instance 1", [.. Header, .. Named(1, 9, "spapr/htab", instance: 1), .. UInt32(18)]);
        Refused(order - 4, "version 2 of spapr/htab", [.. Header, .. Named(1, 9, "spapr/htab", version: 2), .. UInt32(18)]);
        Refused(order, "radix", [.. Header, .. Named(1, 9, "spapr/htab"), .. UInt32(uint.MaxValue)]);
        foreach (uint wrong in (uint[])[0, 1, 17, 37, 46, 0x8000_0000])
            Refused(order, $"a table of order {wrong}; accepted are 18 to 36", [.. Header, .. Named(1, 9, "spapr/htab"), .. UInt32(wrong)]);
        Refused(part, "a second section", [.. begun, .. Start]);
        Refused(start, "one in one piece", [.. Header, .. Named(4, 9, "spapr/htab"), .. UInt32(18)]);
        Refused(start, "section 9, which has not begun", [.. Header, .. Part]);
        Refused(part, "section 8, which has not begun", [.. begun, 2, .. UInt32(8)]);
        Refused(part, "the stream ends before the last part", [.. begun, 0]);
        Refused(part + 5, "radix", [.. begun, 2, .. UInt32(9), .. UInt32(uint.MaxValue)]);
        Refused(part + 5, "begins with 24 instead of 0", [.. begun, 2, .. UInt32(9), .. UInt32(24)]);
        Refused(part + 9, "end beyond the table, which has 16384 entries", [.. begun, .. Part[..9], .. Run(16_384, 0, 1)]);
        Refused(part + 9, "end beyond the table", [.. begun, .. Part[..9], .. Run(16_383, 1, 1)]);
        Refused(part + 9, "end beyond the table", [.. begun, .. Part[..9], .. Run(uint.MaxValue, 65_535, 65_535)]);
        Refused(part + 17, "entry 0 is not valid", [.. begun, .. Part[..9], .. Run(0, 1, 0), .. Words(V - 1, R)]);
        Refused(part - 5, "the footer of section 8, where that of 9", [.. begun[..^1], 8]);
        Refused(part, "where none was expected", [.. begun, .. Footer]);
        Refused(part + Part.Length + End.Length, "behind its end", [.. begun, .. Part, .. End, .. Part]);
        Refused(part + Part.Length + End.Length + 1, "goes on behind the end", [.. begun, .. Part, .. End, 0, 0]);
        Refused(Whole.Length, "goes on behind the end", [.. Whole, 1]);
    }

    // Each count is larger than the input, and nothing is allocated by it.
    [Fact]
    public void Lengths_beyond_the_input_are_refused()
    {
        AssertRefused(() => QemuStreamReader.Read(Pipe([.. Header, 7, .. UInt32(uint.MaxValue), 1, 2, 3])), 16, "configuration");
        AssertRefused(() => QemuStreamReader.Read(Pipe([.. Header, 6, .. UInt32(uint.MaxValue), 1, 2, 3])), 16, "description");
        AssertRefused(() => QemuStreamReader.Read(Pipe([.. Header, 8, 0, 0, 255, 255, 1])), 14, "command");
    }

    [Fact]
    public void A_larger_table_than_is_accepted_is_refused_before_there_is_memory_for_it()
    {
        byte[] stream = [.. Header, .. Named(1, 9, "spapr/htab"), .. UInt32(30), .. Footer, .. End, 0];
        QemuStreamReader.Read(Pipe(stream)).Dispose();
        TableFormatException e = AssertRefused(() => QemuStreamReader.Read(Pipe(stream), maximumOrder: 29), stream.Length, "order 30");
        Assert.Contains("a table of order 30; accepted are 18 to 29", e.Message, StringComparison.Ordinal);
    }

    // The largest order is more memory than most machines have: a stream that is wrong never comes to ask for it.
    [Fact]
    public void A_stream_that_is_wrong_asks_for_no_memory_by_its_order()
    {
        byte[] begun = [.. Header, .. Named(1, 9, "spapr/htab"), .. UInt32(36), .. Footer];
        AssertRefused(() => QemuStreamReader.Read(Pipe(begun)), begun.Length, "broken off");
        AssertRefused(() => QemuStreamReader.Read(Pipe([.. begun, .. Part, 0])), 1000, "no end");
    }

    private static byte[] Named(byte type, uint id, string name, uint instance = 0, uint version = 1) =>
        [type, .. UInt32(id), (byte)name.Length, .. System.Text.Encoding.ASCII.GetBytes(name), .. UInt32(instance), .. UInt32(version)];

    private static void Refused(long offset, string problem, byte[] stream)
    {
        TableFormatException e = AssertRefused(() => QemuStreamReader.Read(new MemoryStream(stream)), stream.Length, problem);
        Assert.Equal(offset, e.ByteOffset);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }
}
