using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Images;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.HashTable.Images.TableFiles;

namespace RingKit.Properties.HashTable.Images;

/// <summary>What is in a stream costs memory, and what it only announces does not.</summary>
[Collection(RunAlone.Name)]
public sealed class ImageMemory
{
    private const long Entries = 1L << 26;

    // A header of 8 bytes announces a mebibyte of invalid entries.
    [Fact]
    public void Invalid_entries_cost_none()
    {
        // Entries at the end of either half, so that what there is of the table grows from one half to the whole; and then a pass without them.
        byte[] entry = Words(HpteV.Valid, 0);
        List<byte> stream = [];
        Announce(stream, 0, (Entries / 2) - 1);
        stream.AddRange([.. Run((uint)(Entries / 2) - 1, 1, 0), .. entry]);
        Announce(stream, Entries / 2, Entries - 1);
        stream.AddRange([.. Run((uint)Entries - 1, 1, 0), .. entry]);
        Announce(stream, 0, Entries - 1);

        GC.Collect();
        long before = Environment.WorkingSet;
        using HashedPageTable table = HtabStreamReader.Read(new MemoryStream([.. stream]), HtabByteOrder.BigEndian);
        long cost = Environment.WorkingSet - before;
        Assert.Equal(30, table.Order);
        Assert.Equal(Hpte.FromRaw(new(1UL << 56, 0)), table[Entries - 1]);
        Assert.InRange(cost, long.MinValue, 256L << 20);
        Report.Line($"a table of 1 GiB with one valid entry, from {stream.Count} bytes: {cost >> 20} MiB of memory");
    }

    private static void Announce(List<byte> stream, long from, long end)
    {
        for (; from < end; from += 65_535)
            stream.AddRange(Run((uint)from, 0, (ushort)Math.Min(65_535, end - from)));
    }
}
