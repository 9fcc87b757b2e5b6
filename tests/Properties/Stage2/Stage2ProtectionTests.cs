using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>Protection and aging of any pages of one table, against one entry after the other.</summary>
public sealed class Stage2ProtectionTests
{
    private const int Entries = Stage2Geometry.EntriesPerTable;

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(50)]
    [InlineData(100)]
    public void A_range_of_pages_is_changed_in_it_and_nowhere_else(int percent)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        using var machine = new Stage2Machine();
        var thread = default(QuietThread);
        Assert.Equal(Errno.None, machine.Map(0, 3, 0));
        ulong table = machine.Table.Geometry.StartLevel == 1 ? TableOf(machine, TableOf(machine, 0)) : TableOf(machine, 0);
        try
        {
            for (int round = 0; round < 500; round++)
            {
                ulong[] before = [.. Enumerable.Range(0, Entries).Select(i => Entry(random, i, percent))];
                for (int i = 0; i < Entries; i++)
                    machine.Table.Pool.EntryAt(table, (ulong)i) = before[i];
                int first = random.Next(Entries), count = random.Next(1, Entries - first + 1);
                bool ages = round % 2 != 0;
                ulong bit = ages ? Stage2Attributes.AccessBit : Stage2Attributes.WriteBit, changed;
                Assert.Equal(Errno.None, ages
                    ? machine.Table.ClearYoung(ref thread, (ulong)first * Page, (ulong)count * Page, out changed)
                    : machine.Table.WriteProtect(ref thread, (ulong)first * Page, (ulong)count * Page, out changed));
                Check(machine, table, before, first, count, bit, changed);
            }
        }
        catch
        {
            Report.Line($"{nameof(Stage2ProtectionTests)}: seed {seed}");
            throw;
        }
        finally
        {
            // As many as are counted.
            for (int i = 0; i < Entries; i++)
                machine.Table.Pool.EntryAt(table, (ulong)i) = i == 0 ? Stage2Descriptor.Leaf(3, 0, ReadOnly).Raw : 0;
        }
    }

    private static void Check(Stage2Machine machine, ulong table, ulong[] before, int first, int count, ulong bit, ulong changed)
    {
        ulong expected = 0;
        for (int i = 0; i < Entries; i++)
        {
            var entry = new Stage2Descriptor(before[i]);
            bool changes = i >= first && i < first + count && entry.IsLeafAt(3) && (entry.Raw & bit) != 0;
            expected += changes ? 1UL : 0;
            Assert.Equal(changes ? entry.Raw & ~bit : entry.Raw, machine.Table.Pool.EntryAt(table, (ulong)i));
        }

        Assert.Equal(expected, changed);
    }

    // Notes have the bits too, and mean something else by them.
    private static ulong Entry(Random random, int page, int percent)
    {
        if (random.Next(100) < percent)
            return Stage2Descriptor.Leaf(3, (ulong)page * Page, ReadWrite).Raw;
        return random.Next(4) switch
        {
            0 => 0,
            1 => Stage2Descriptor.OwnedBy(0xFF).Raw,
            2 => Stage2Descriptor.LockedNote,
            _ => Stage2Descriptor.Leaf(3, (ulong)page * Page, ReadOnly).Old.Raw,
        };
    }

    private static ulong TableOf(Stage2Machine machine, ulong table) => new Stage2Descriptor(machine.Table.Pool.EntryAt(table, 0)).TableAddress;
}
