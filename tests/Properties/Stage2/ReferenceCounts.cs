using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.Stage2;

/// <summary>Counts the references of a page table anew.</summary>
internal static class ReferenceCounts
{
    /// <summary>Compares the count of each table with its entries, and the tables that entries name with those in use.</summary>
    public static void Check<TOrdering>(Stage2Core<TOrdering> table)
        where TOrdering : struct, IOrdering
    {
        ulong tables = 0;
        for (int page = 0; page < table.Geometry.StartPages; page++)
            Check(table.Pool, (ulong)page * Stage2Geometry.TableBytes, table.Geometry.StartLevel, ref tables);
        Assert.Equal(tables, (ulong)(table.Pool.CountInUse() + table.Geometry.StartPages));
    }

    private static void Check<TOrdering>(TablePool<TOrdering> pool, ulong table, int level, ref ulong tables)
        where TOrdering : struct, IOrdering
    {
        ulong references = 1;
        tables++;
        for (ulong i = 0; i < Stage2Geometry.EntriesPerTable; i++)
        {
            var entry = new Stage2Descriptor(pool.EntryAt(table, i));
            if (!entry.IsCounted)
                continue;
            references++;
            if (entry.IsTableAt(level))
                Check(pool, entry.TableAddress, level + 1, ref tables);
        }

        Assert.Equal(references, pool.ReferencesOn(table));
    }
}
