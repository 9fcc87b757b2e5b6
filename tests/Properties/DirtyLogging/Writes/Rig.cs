using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Writes;

/// <summary>A machine of <see cref="WrittenMachines"/> with its log and two slots.</summary>
internal sealed class Rig : IDisposable
{
    private readonly GuestMemory _memory = new();

    public Rig(string name)
    {
        Low = _memory.AddSlot(id: 3, baseGfn: 0, pageCount: 1000);
        High = _memory.AddSlot(id: 9, baseGfn: 5000, pageCount: 70);
        Machine = WrittenMachines.Machine(name, _memory);
        Log = WrittenMachines.Log(name, Machine);
    }

    public MemorySlot Low { get; }

    public MemorySlot High { get; }

    public VirtualMachine Machine { get; }

    public IDirtyLog Log { get; }

    /// <summary>The first vCPU stores to pages.</summary>
    public void Store(params ReadOnlySpan<ulong> gfns)
    {
        foreach (ulong gfn in gfns)
            Assert.Equal(VcpuExit.None, GuestAction.Run(Machine.Vcpus[0], vcpu => vcpu.Store(gfn << 12, gfn)));
    }

    /// <summary>KVM_GET_DIRTY_LOG of the low slot.</summary>
    public Errno Get(Span<byte> bitmap) =>
        Log is KvmDirtyLog kvm ? kvm.GetDirtyLog(Low.Id, bitmap) : ((MemslotDirtyLog)Log).GetDirtyLog(Low.Id, bitmap);

    /// <summary>KVM_CLEAR_DIRTY_LOG of the low slot.</summary>
    public Errno Clear(ReadOnlySpan<byte> bitmap) =>
        Log is KvmDirtyLog kvm ? kvm.ClearDirtyLog(Low.Id, 0, 1000, bitmap) : ((MemslotDirtyLog)Log).ClearDirtyLog(Low.Id, 0, 1000, bitmap);

    public void Dispose()
    {
        Log.Dispose();
        Machine.Dispose();
        _memory.Dispose();
    }
}
