using RingKit.Mmu.Stage2;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.Stage2;

/// <summary>Counts the references of a page table anew, and compares.</summary>
internal static class TableReferences
{
    /// <summary>Checks every table. No other thread is at work.</summary>
    /// <returns>How many tables entries name, beside the start table.</returns>
    public static int Check(Stage2Core<HardwareOrdering> table)
    {
        int named = 0;
        for (int page = 0; page < table.Geometry.StartPages; page++)
            Check(table, (ulong)page * Stage2Geometry.TableBytes, table.Geometry.StartLevel, ref named);
        Assert.Equal(named, table.Pool.CountInUse());
        return named;
    }

    private static void Check(Stage2Core<HardwareOrdering> table, ulong address, int level, ref int named)
    {
        ulong references = 1;
        for (ulong i = 0; i < Stage2Geometry.EntriesPerTable; i++)
        {
            var entry = new Stage2Descriptor(table.Pool.EntryAt(address, i));
            if (!entry.IsCounted)
                continue;
            references++;
            if (!entry.IsTableAt(level))
                continue;
            named++;
            Check(table, entry.TableAddress, level + 1, ref named);
        }

        Assert.Equal(references, table.Pool.ReferencesOn(address));
    }
}
