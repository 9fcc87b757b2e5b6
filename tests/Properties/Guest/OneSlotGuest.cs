using RingKit.Mmu.Guest;
using RingKit.Mmu.Tdp;
using Xunit;

namespace RingKit.Properties.Guest;

/// <summary>A machine with one vCPU and one slot, from frame 0 on.</summary>
internal sealed class OneSlotGuest : IDisposable
{
    private readonly GuestMemory _memory = new();

    /// <param name="pages">The slot's pages.</param>
    /// <param name="tdp">How x86's second level is made; null for the flat page table.</param>
    public OneSlotGuest(ulong pages = 1000, TdpOptions? tdp = null)
    {
        _memory.AddSlot(0, 0, pages);
        Machine = tdp is null ? new VirtualMachine(_memory) : new VirtualMachine(_memory, vcpus: 1, tdp);
    }

    public VirtualMachine Machine { get; }

    /// <summary>A vCPU stores to the first pages, once to each.</summary>
    public static void Touch(Vcpu vcpu, int pages)
    {
        var script = new StoreScript([.. Enumerable.Range(0, pages).Select(page => ((ulong)page << 12, 1ul))]);
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
    }

    public void Dispose()
    {
        Machine.Dispose();
        _memory.Dispose();
    }
}
