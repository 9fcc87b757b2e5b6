using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using RingKit.Properties.HashTable.Harvesting;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>
/// A table with one slot of memory at frame 0, and a processor of one thread: it sets R and C in entries, or keeps C until a tlbie for the
/// entry comes.
/// </summary>
internal sealed class FaultMachine : IDisposable
{
    /// <summary>64 KiB at 0x10020000 of segment 0x123456: the entry X of the scenarios, at 0x1A2A0 in a table of order 24.</summary>
    public static readonly VirtualAddress X = new(0x123456, 0x10020000, 16, IsOneTebibyteSegment: false);

    /// <summary>R of X: guest page 0x42 of 64 KiB, R and C set, writable.</summary>
    public const ulong XGuestR = 0x421192;

    private const int RelaxesUntilDeadlock = 10_000;
    private readonly GuestMemory _memory = new();
    private readonly Dictionary<ulong, ulong> _pending = [];
    private int _relaxes;

    public FaultMachine(HashTableOptions options, ulong pages = 4096)
    {
        _memory.AddSlot(id: 1, baseGfn: 0, pageCount: pages << (options.PageShift - GuestPage.Shift));
        Core = new Book3sHvCore<HardwareOrdering>(_memory, options);
        Slot.Logs = true;
    }

    public Book3sHvCore<HardwareOrdering> Core { get; }

    public HashSlot<HardwareOrdering> Slot => Core.Slots[0];

    /// <summary>Called when the thread waits, and before it fails for having waited too often.</summary>
    public Action? WhenRelaxing { get; set; }

    /// <summary>Called in each tlbie, after the processor has written back what it held.</summary>
    public Action<ulong>? WhenInvalidating { get; set; }

    public int Tlbies { get; private set; }

    public FaultThread Thread => new(this);

    public Hpte Entry(ulong index) => Core.Table.Load(index);

    public ulong Rmap(ulong gfn) => Slot.RmapOf(gfn);

    /// <summary>H_ENTER at the entry where the address belongs, or at another of its group.</summary>
    public ulong Enter(VirtualAddress address, ulong guestR, int slotInGroup = 0, ulong vBits = 0, bool secondary = false, int size = 0)
    {
        ulong v = HptGeometry.FirstWord(address.Vsid, address.Address, address.BaseShift, address.IsOneTebibyteSegment, secondary) | vBits;
        if (size > 12)
            v |= HpteV.Large;
        ulong index = IndexOf(address, secondary) + (ulong)slotInGroup;
        FaultThread thread = Thread;
        HypercallResult result = Core.Enter(ref thread, HypercallFlags.Exact, index, v, guestR);
        return result.Status == HypercallStatus.Success ? result.R4 : throw new InvalidOperationException($"H_ENTER returned {result}.");
    }

    public ulong IndexOf(VirtualAddress address, bool secondary = false) =>
        Core.Table.Geometry.Group(
            HptGeometry.Hash(address.Vsid, address.Address, address.BaseShift, address.IsOneTebibyteSegment), secondary) * HptGeometry.EntriesPerGroup;

    public FirstLevelFault Judge(VirtualAddress address, Dsisr status, bool storageKey = false, ulong amr = 0)
    {
        FaultThread thread = Thread;
        return Core.JudgeFault(ref thread, new StorageFault(address, status, storageKey, amr));
    }

    public PageFaultOutcome Handle(VirtualAddress address, Dsisr status, FaultSnapshot snapshot)
    {
        FaultThread thread = Thread;
        return Core.HandlePageFault(ref thread, new StorageFault(address, status), snapshot);
    }

    /// <summary>Both levels, one after the other.</summary>
    public PageFaultOutcome Fault(VirtualAddress address, Dsisr status) => Handle(address, status, Judge(address, status).Snapshot);

    /// <summary>A load or store as often as it has to be tried; C stays with the processor if it is asked to keep it.</summary>
    public void Access(VirtualAddress address, bool store, bool keepsC = false)
    {
        for (int attempt = 0; attempt < 4; attempt++)
        {
            Dsisr status = store ? Dsisr.Store : Dsisr.None;
            if (Core.TryTranslate(address, out ulong index, out Hpte entry))
            {
                if (!store || entry.IsWritable)
                {
                    Core.Table.SetByHardware(index, store && !keepsC ? HpteR.ReferencedChanged : HpteR.Referenced);
                    if (keepsC)
                        _pending[index] = HpteR.Changed;
                    return;
                }

                status |= Dsisr.Protection;
            }
            else
            {
                status |= Dsisr.NoEntry;
            }

            FirstLevelFault judged = Judge(address, status);
            if (judged.Outcome is FaultOutcome.HostHandler or FaultOutcome.Mmio)
                Handle(address, status, judged.Snapshot);
        }

        throw new InvalidOperationException($"{address} could not be accessed.");
    }

    public ulong PageOut(ulong gfn, ulong count = 1)
    {
        FaultThread thread = Thread;
        return Core.PageOut(ref thread, gfn, count);
    }

    public ulong Share(ulong gfn, ulong count = 1)
    {
        FaultThread thread = Thread;
        return Core.Share(ref thread, gfn, count);
    }

    public bool Age(ulong gfn)
    {
        FaultThread thread = Thread;
        return Core.Age(ref thread, gfn);
    }

    /// <summary>The pages that GET reports.</summary>
    public ulong[] Get(HarvestMethod method, bool vcpusRun = true)
    {
        FaultThread thread = Thread;
        byte[] bitmap = new byte[Slot.WordCount * sizeof(ulong)];
        Assert.Equal(Errno.None, Core.GetDirtyLog(ref thread, Slot.Memory.Id, bitmap, method, vcpusRun, out _));
        return HarvestRig.PagesOf(bitmap);
    }

    public void Dispose()
    {
        Core.Dispose();
        _memory.Dispose();
    }

    internal void Relax()
    {
        if (++_relaxes > RelaxesUntilDeadlock)
            throw new InvalidOperationException("Nobody lets go of what the thread waits for.");
        WhenRelaxing?.Invoke();
    }

    internal void Tlbie(ReadOnlySpan<ulong> indices)
    {
        foreach (ulong index in indices)
        {
            Tlbies++;
            if (_pending.Remove(index, out ulong bits))
                Core.Table.SetByHardware(index, bits);
            WhenInvalidating?.Invoke(index);
        }
    }
}
