using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Tdp;
using RingKit.Mmu.Tdp.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Bench.Tdp;

/// <summary>x86's second level with one vCPU and one slot, which has no bytes, and the slot's log. There is no TLB: each access walks.</summary>
internal sealed class TdpGuest : IDisposable
{
    private readonly GuestMemory _memory = new();
    private readonly TdpVcpuState<HardwareOrdering> _vcpu;

    public TdpGuest(ulong pages, TdpOptions options)
    {
        _memory.AddSlotWithoutBytes(0, 0, pages);
        Core = new TdpHvCore<HardwareOrdering>(_memory, options);
        Log = new MemslotLog<HardwareOrdering>(pages, new MemslotLogOptions());
        _vcpu = Core.CreateVcpuState();
    }

    public TdpHvCore<HardwareOrdering> Core { get; }

    public MemslotLog<HardwareOrdering> Log { get; }

    public TdpSlot<HardwareOrdering> Slot => Core.Slots[0];

    /// <summary>Stores once to each page of a range, with whatever faults and exits that takes.</summary>
    /// <returns>How many times the guest was left.</returns>
    public ulong Store(ulong first, ulong end, ulong step = 1)
    {
        ulong exits = 0;
        var thread = new TdpGuestThread(this);
        PageModificationLog<HardwareOrdering>? log = Core.ProcessorLogs ? _vcpu.Log : null;
        for (ulong gfn = first; gfn < end;)
        {
            var access = new TdpAccess(gfn, IsWrite: true);
            switch (Core.Table.Access(access, log, out _, out _))
            {
                case TdpAccessResult.Granted:
                    gfn += step;
                    break;
                case TdpAccessResult.LogFull:
                    exits++;
                    Drain();
                    break;
                default:
                    exits++;
                    Core.HandleFault(ref thread, _vcpu, access);
                    break;
            }
        }

        return exits;
    }

    public void Drain()
    {
        var sink = new Sink(Log);
        _vcpu.Log.Drain(ref sink);
    }

    public void Mark(ulong page) => Log.Mark(page);

    public void Start()
    {
        var thread = new TdpGuestThread(this);
        Core.StartLogging(ref thread, Slot);
    }

    public TdpRecovered Stop()
    {
        var thread = new TdpGuestThread(this);
        return Core.StopLogging(ref thread, Slot);
    }

    /// <summary>Protects all pages again, by words, as a fetch does.</summary>
    public void ProtectWords(ulong pages)
    {
        Drain();
        var thread = new TdpGuestThread(this);
        Core.Lock.Enter(ref thread);
        for (ulong page = 0; page < pages; page += 64)
            Core.ProtectMasked(Slot, page, ulong.MaxValue);
        Core.Lock.Exit();
    }

    public void Zap()
    {
        var thread = new TdpGuestThread(this);
        Core.BeginInvalidation(ref thread, Slot.FirstGfn, Slot.EndGfn);
        Core.EndInvalidation(ref thread);
    }

    public void Dispose()
    {
        _vcpu.Dispose();
        Log.Dispose();
        Core.Dispose();
        _memory.Dispose();
    }

    private readonly struct Sink(MemslotLog<HardwareOrdering> log) : IModificationSink
    {
        public void Accept(ulong gfn) => log.Mark(gfn);
    }
}
