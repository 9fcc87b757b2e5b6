using System.Globalization;
using System.Numerics;
using RingKit.Mmu.DirtyLogging.Memslots;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>The plainest page table, one vCPU that remembers what it may write, and a list of what was asked for.</summary>
internal readonly struct FlatProtection(FlatTable table) : IMemslotProtection
{
    public Action? BeforeProtect { get; init; }

    public Action? AfterProtect { get; init; }

    public void Enter()
    {
        Assert.False(table.IsLocked);
        table.IsLocked = true;
    }

    public void Exit()
    {
        Assert.True(table.IsLocked);
        table.IsLocked = false;
    }

    public void ProtectAll()
    {
        Assert.True(table.IsLocked);
        table.Calls.Add("protect all");
        Array.Clear(table.IsWritable);
    }

    public void Protect(ulong firstPage, ulong mask)
    {
        Assert.True(table.IsLocked);
        Assert.NotEqual(0ul, mask);
        BeforeProtect?.Invoke();
        table.Calls.Add(string.Create(CultureInfo.InvariantCulture, $"protect {firstPage} {mask:x}"));
        for (; mask != 0; mask &= mask - 1)
            table.IsWritable[firstPage + (uint)BitOperations.TrailingZeroCount(mask)] = false;
        AfterProtect?.Invoke();
    }

    public void Split(ulong firstPage, ulong count)
    {
        Assert.True(table.IsLocked);
        table.Calls.Add(string.Create(CultureInfo.InvariantCulture, $"split {firstPage} {count}"));
    }

    public void Flush()
    {
        Assert.False(table.IsLocked);
        table.Calls.Add("flush");
        Array.Clear(table.IsRemembered);
    }

    public void Sync()
    {
        Assert.False(table.IsLocked);
        table.Calls.Add("sync");
    }
}
