using RingKit.Mmu;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Ordering;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Stage2;

/// <summary>Where tables come from.</summary>
public sealed class TablePoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void The_start_table_is_aligned_to_its_whole_size(int pages)
    {
        using var pool = new TablePool<HardwareOrdering>(pages, 3);
        Assert.Equal(0u, pool.StartAddress % (nuint)(pages * 4096));
        for (ulong page = 0; page < (ulong)pages; page++)
            Assert.True(pool.IsEmpty(page << 12));
        Assert.True(pool.TryTake(out ulong table));
        Assert.Equal((ulong)pages << 12, table);
    }

    [Fact]
    public void A_table_that_was_in_use_is_zero_when_it_is_taken_again()
    {
        using var pool = new TablePool<HardwareOrdering>(1, 2);
        Assert.True(pool.TryTake(out ulong table));
        pool.Open(table, 512);
        for (ulong i = 0; i < 512; i++)
            pool.EntryAt(table, i) = ulong.MaxValue;
        Assert.Equal(1, pool.CountInUse());
        pool.Free(table);
        Assert.Equal(0, pool.CountInUse());
        Assert.Equal(0, pool.TakenTables);

        Assert.True(pool.TryTake(out ulong again));
        Assert.Equal(table, again);
        Assert.Equal(0UL, pool.ReferencesOn(again));
        for (ulong i = 0; i < 512; i++)
            Assert.Equal(0UL, pool.EntryAt(again, i));
    }

    [Fact]
    public void References_are_counted()
    {
        using var pool = new TablePool<HardwareOrdering>(1, 1);
        Assert.True(pool.TryTake(out ulong table));
        pool.Open(table, references: 0);
        pool.Reference(table);
        pool.Reference(table);
        Assert.Equal(3UL, pool.ReferencesOn(table));
        Assert.False(pool.IsEmpty(table));
        pool.Release(table, 2);
        Assert.True(pool.IsEmpty(table));
    }

    [Fact]
    public void A_cache_is_topped_up_from_the_pool_or_says_that_there_is_no_memory()
    {
        using var pool = new TablePool<HardwareOrdering>(2, 5);
        using var first = new TableCache<HardwareOrdering>(pool, 4);
        using (var second = new TableCache<HardwareOrdering>(pool, 4))
        {
            Assert.Equal(Errno.None, first.TopUp(2));
            Assert.Equal(4, first.Count);
            Assert.Equal(Errno.None, first.TopUp(4));
            Assert.Equal(Errno.NoMemory, second.TopUp(2));
            Assert.Equal(1, second.Count);
            Assert.Equal(Errno.None, second.TopUp(1));
            Assert.Equal(5, pool.TakenTables);
        }

        Assert.Equal(4, pool.TakenTables);
        Assert.Throws<ArgumentOutOfRangeException>("least", () => first.TopUp(5));
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new TableCache<HardwareOrdering>(pool, 0));
    }

    [Fact]
    public void A_fault_allocates_nothing()
    {
        using var machine = new Stage2Machine();
        var thread = default(QuietThread);
        Assert.Equal(0, Allocated.By(() =>
        {
            for (ulong i = 0; i < 100; i++)
            {
                machine.Cache.TopUp(2);
                machine.Table.Map(ref thread, i * Stage2Machine.Page, 3, i * Stage2Machine.Page, Stage2Machine.ReadOnly, machine.Cache);
                machine.Table.Relax(ref thread, i * Stage2Machine.Page, Stage2Protection.Write);
            }

            machine.Table.Unmap(ref thread, 0, 100 * Stage2Machine.Page);
        }));
    }

    [Fact]
    public void Sizes_out_of_range_are_refused()
    {
        foreach (int pages in (int[])[0, 3, 32, -1])
            Assert.Throws<ArgumentOutOfRangeException>("startPages", () => new TablePool<HardwareOrdering>(pages, 1));
        foreach (int tables in (int[])[0, -1, int.MaxValue])
            Assert.Throws<ArgumentOutOfRangeException>("maxTables", () => new TablePool<HardwareOrdering>(1, tables));
    }
}
