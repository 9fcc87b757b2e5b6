using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Clients;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.Clients;

/// <summary>A machine of two slots and two vCPUs, a bitmap log, and what its clients join.</summary>
internal sealed class ClientsRig : IDisposable
{
    private readonly GuestMemory _memory = new();

    public ClientsRig()
    {
        Low = _memory.AddSlot(id: 3, baseGfn: 0, pageCount: 1000);
        High = _memory.AddSlot(id: 9, baseGfn: 5000, pageCount: 70);
        Machine = new VirtualMachine(_memory, vcpus: 2);
        Log = new BitmapDirtyLog(Machine);
        Clients = new DirtyLogClients(Machine);
    }

    public MemorySlot Low { get; }

    public MemorySlot High { get; }

    public VirtualMachine Machine { get; }

    public BitmapDirtyLog Log { get; }

    public DirtyLogClients Clients { get; }

    public void Dispose()
    {
        Clients.Dispose();
        Log.Dispose();
        Machine.Dispose();
        _memory.Dispose();
    }
}
