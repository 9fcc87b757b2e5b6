using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using RingKit.Mmu.Tdp.Hypervisor;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.Tdp;

/// <summary>x86's second level with vCPUs that are called one after the other. Their TLBs go on to grant what they remember until they are flushed. There are no bytes.</summary>
internal sealed class TdpWorld : IDisposable
{
    private readonly GuestMemory _memory = new();
    private readonly MemslotLog<HardwareOrdering>[] _logs;
    private readonly List<Dictionary<(ulong Gfn, bool? IsPrivate), bool>> _tlbs = [];

    public TdpWorld(TdpOptions options, params (ushort Id, ulong BaseGfn, ulong Pages)[] slots)
        : this(options, ManualProtect.None, slots)
    {
    }

    public TdpWorld(TdpOptions options, ManualProtect manual, params (ushort Id, ulong BaseGfn, ulong Pages)[] slots)
    {
        foreach ((ushort id, ulong baseGfn, ulong pages) in slots)
            _memory.AddSlotWithoutBytes(id, baseGfn, pages);
        Core = new TdpHvCore<HardwareOrdering>(_memory, options);
        _logs = [.. _memory.Slots.Select(slot => new MemslotLog<HardwareOrdering>(slot.PageCount, new MemslotLogOptions { ManualProtect = manual }))];
        for (int i = 0; i < 2; i++)
        {
            Vcpus.Add(Core.CreateVcpuState());
            _tlbs.Add([]);
        }
    }

    public TdpHvCore<HardwareOrdering> Core { get; }

    public List<TdpVcpuState<HardwareOrdering>> Vcpus { get; } = [];

    public TdpSlot<HardwareOrdering> Slot => Core.Slots[0];

    public MemslotLog<HardwareOrdering> Log => _logs[0];

    /// <summary>Marks in the order in which they came.</summary>
    public List<ulong> Marks { get; } = [];

    /// <summary>Flushes of all TLBs.</summary>
    public int Flushes { get; private set; }

    public TdpMappings Mappings => Core.CountMappings(0, ulong.MaxValue);

    public TdpFaultCounts Faults => Vcpus[0].Counts;

    public MemslotLog<HardwareOrdering> LogOf(int slot) => _logs[slot];

    public void Mark(MemorySlot slot, ulong offset)
    {
        Marks.Add(offset);
        _logs[slot.Ordinal].Mark(offset);
    }

    public void Drain()
    {
        for (int vcpu = 0; vcpu < Vcpus.Count; vcpu++)
            Exit(vcpu);
    }

    public void Exit(int vcpu)
    {
        var sink = new Sink(this);
        Vcpus[vcpu].Counts.Drained += (uint)Vcpus[vcpu].Log.Drain(ref sink);
    }

    public void Flush(ulong first, ulong end)
    {
        Flushes++;
        Drain();
        foreach (Dictionary<(ulong Gfn, bool? IsPrivate), bool> tlb in _tlbs)
        {
            foreach ((ulong Gfn, bool? IsPrivate) key in tlb.Keys.Where(key => key.Gfn >= first && key.Gfn < end).ToArray())
                tlb.Remove(key);
        }
    }

    /// <summary>A vCPU loads from, or stores to, a frame.</summary>
    /// <returns>What its faults came to, in order; empty if there was none.</returns>
    public List<TdpFaultOutcome> Touch(ulong gfn, bool write, int vcpu = 0, bool? isPrivate = null, bool isExecute = false)
    {
        List<TdpFaultOutcome> faults = [];
        if (_tlbs[vcpu].TryGetValue((gfn, isPrivate), out bool writable) && (writable || !write))
            return faults;
        var thread = new TdpWorldThread(this);
        while (faults.Count < 8)
        {
            var access = new TdpAccess(gfn, write, isExecute, isPrivate);
            switch (Core.Table.Access(access, Core.ProcessorLogs ? Vcpus[vcpu].Log : null, out Spte spte, out _))
            {
                case TdpAccessResult.Granted:
                    _tlbs[vcpu][(gfn, isPrivate)] = write || (spte.IsWritable && (spte.IsDirty || spte.AccessDirty == SpteAccessDirty.Disabled));
                    return faults;
                case TdpAccessResult.LogFull:
                    Vcpus[vcpu].Counts.FullLogs++;
                    Exit(vcpu);
                    break;
                default:
                    Exit(vcpu);
                    faults.Add(Core.HandleFault(ref thread, Vcpus[vcpu], access));
                    if (faults[^1] is TdpFaultOutcome.NoSlot or TdpFaultOutcome.ReadOnly or TdpFaultOutcome.MemoryFault or TdpFaultOutcome.NoMemory or TdpFaultOutcome.Retry)
                        return faults;
                    break;
            }
        }

        Assert.Fail($"The access to frame {gfn:x} faults for ever: {string.Join(", ", faults)}.");
        return faults;
    }

    public List<TdpFaultOutcome> Store(ulong gfn, int vcpu = 0) => Touch(gfn, write: true, vcpu);

    public List<TdpFaultOutcome> Load(ulong gfn, int vcpu = 0) => Touch(gfn, write: false, vcpu);

    /// <summary>Both vCPUs share the slots' pages out, and store to each.</summary>
    public void Populate()
    {
        foreach (TdpSlot<HardwareOrdering> slot in Core.Slots)
            Populate(slot.FirstGfn, slot.EndGfn);
    }

    public void Populate(ulong firstGfn, ulong endGfn)
    {
        for (ulong gfn = firstGfn; gfn < endGfn; gfn++)
            Store(gfn, (int)(gfn & 1));
    }

    public Errno Start(int slot = 0)
    {
        var thread = new TdpWorldThread(this);
        TdpSlot<HardwareOrdering> target = Core.Slots[slot];
        Errno error = Core.RaiseLogging(ref thread, target);
        if (error != Errno.None)
            return error;
        TdpSlotProtection<HardwareOrdering, TdpWorldThread> protection = Protection(target, ref thread);
        _logs[slot].Start(ref protection);
        return Errno.None;
    }

    public TdpRecovered Stop(int slot = 0)
    {
        var thread = new TdpWorldThread(this);
        _logs[slot].Stop();
        return Core.StopLogging(ref thread, Core.Slots[slot]);
    }

    public ulong[] Get(int slot = 0)
    {
        var thread = new TdpWorldThread(this);
        TdpSlotProtection<HardwareOrdering, TdpWorldThread> protection = Protection(Core.Slots[slot], ref thread);
        byte[] bytes = new byte[_logs[slot].ByteLength];
        Assert.Equal(Errno.None, _logs[slot].Get(ref protection, bytes));
        return [.. Enumerable.Range(0, bytes.Length * 8).Where(bit => (bytes[bit / 8] >> (bit % 8) & 1) != 0).Select(bit => (ulong)bit)];
    }

    public Errno Clear(ulong first, uint count, params ulong[] pages) => ClearOf(0, first, count, pages);

    public Errno ClearOf(int slot, ulong first, uint count, ulong[] pages)
    {
        var thread = new TdpWorldThread(this);
        TdpSlotProtection<HardwareOrdering, TdpWorldThread> protection = Protection(Core.Slots[slot], ref thread);
        byte[] bytes = new byte[(count + 63) / 64 * 8];
        foreach (ulong page in pages)
            bytes[(page - first) / 8] |= (byte)(1 << (int)((page - first) % 8));
        return _logs[slot].Clear(ref protection, first, count, bytes);
    }

    public void SetHostLevel(ulong offset, ulong pages, MappingLevel level, int slot = 0)
    {
        var thread = new TdpWorldThread(this);
        Core.SetHostLevel(ref thread, Core.Slots[slot], offset, pages, level);
    }

    public Errno SetAttributes(ulong firstGfn, ulong endGfn, bool isPrivate)
    {
        var thread = new TdpWorldThread(this);
        return Core.SetMemoryAttributes(ref thread, firstGfn << 12, (endGfn - firstGfn) << 12, isPrivate ? MemoryAttributes.Private : 0);
    }

    public int LevelOf(ulong gfn)
    {
        Spte spte = Core.Table.Walk(gfn, out int level);
        return spte.IsLeafAt(level) ? level : 0;
    }

    public void Dispose()
    {
        foreach (TdpVcpuState<HardwareOrdering> vcpu in Vcpus)
            vcpu.Dispose();
        foreach (MemslotLog<HardwareOrdering> log in _logs)
            log.Dispose();
        Core.Dispose();
        _memory.Dispose();
        Assert.Equal(0, Core.Table.LeakedTables);
    }

    private TdpSlotProtection<HardwareOrdering, TdpWorldThread> Protection(TdpSlot<HardwareOrdering> slot, ref TdpWorldThread thread) =>
        new(Core, slot, ref thread);

    private readonly struct Sink(TdpWorld world) : IModificationSink
    {
        public void Accept(ulong gfn)
        {
            if (world.Core.FindSlot(gfn) is { Logs: true } slot)
                world.Mark(slot.Memory, gfn - slot.FirstGfn);
        }
    }
}
