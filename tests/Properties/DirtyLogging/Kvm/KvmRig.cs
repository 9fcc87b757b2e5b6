using RingKit.DirtyRings;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging.Memslots;
using RingKit.Properties.DirtyRings;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>A machine of slot 3 (1000 pages from frame 0) and slot 9 (70 pages from frame 5000), both logged, with rings of so many entries or none.</summary>
internal sealed class KvmRig : IDisposable
{
    private readonly KvmVm _vm;

    public KvmRig(
        KvmFidelity fidelity = KvmFidelity.Safe,
        int ringEntries = 0,
        int vcpus = 1,
        KvmProfile? profile = null,
        bool withBitmap = false,
        bool isLogged = true,
        TdpOptions? tdp = null,
        Stage2Options? stage2 = null,
        ulong manual = 0)
    {
        _vm = new KvmVm(profile ?? KvmProfile.X86, fidelity);
        if (ringEntries != 0)
            Assert.Equal(Errno.None, _vm.EnableCap(KvmCapability.DirtyLogRingAcqRel, DirtyRingSize(ringEntries)));
        if (withBitmap)
            Assert.Equal(Errno.None, _vm.EnableCap(KvmCapability.DirtyLogRingWithBitmap));
        Assert.Equal(Errno.None, _vm.EnableCap(KvmCapability.ManualDirtyLogProtect2, manual));
        for (int i = 0; i < vcpus; i++)
            Assert.Equal(Errno.None, _vm.CreateVcpu());
        KvmSlotTraits traits = isLogged ? KvmSlotTraits.LogDirtyPages : KvmSlotTraits.None;
        Assert.Equal(Errno.None, _vm.SetUserMemoryRegion(3, traits, 0, 1000ul << 12));
        Assert.Equal(Errno.None, _vm.SetUserMemoryRegion(9, traits, 5000ul << 12, 70ul << 12));
        Log = tdp is not null ? _vm.Build(tdp) : stage2 is not null ? _vm.Build(stage2) : _vm.Build();
    }

    public KvmDirtyLog Log { get; }

    public VirtualMachine Machine => _vm.Machine!;

    public MemorySlot Slot => Machine.Memory.Slots[0];

    public static ulong DirtyRingSize(int entries) => (ulong)entries * DirtyGfn.SizeInBytes;

    /// <summary>Resets one ring alone, without a machine.</summary>
    public static KvmReset Reset(KvmRing ring, KvmFidelity fidelity, SlotsTarget target)
    {
        var signal = default(TokenSignal);
        var counts = new KvmReset(Errno.None, 0);
        ring.Reset(ref target, ref signal, ref counts, int.MaxValue, fidelity);
        return counts;
    }

    public void Dispose() => _vm.Dispose();

    public VcpuExit Store(ulong gfn, int vcpu = 0) => GuestAction.Run(Machine.Vcpus[vcpu], self => self.Store(gfn << 12, gfn));

    public void StoreAll(params IEnumerable<ulong> gfns)
    {
        foreach (ulong gfn in gfns)
            Assert.Equal(VcpuExit.None, Store(gfn));
    }

    public KvmRingMapping Map(int vcpu = 0)
    {
        Assert.Equal(Errno.None, Log.MapRing(vcpu, out KvmRingMapping? mapping));
        return mapping!;
    }

    /// <summary>What the user finds in a ring, in its order.</summary>
    public List<(uint Slot, ulong Offset)> Harvest(int vcpu = 0)
    {
        var entries = new DirtyGfn[Log.Rings[vcpu].Capacity];
        int count = Map(vcpu).Harvester.Harvest(entries);
        return [.. entries[..count].Select(entry => (entry.Slot, entry.Offset))];
    }

    public List<ulong> Get(uint slot = 3)
    {
        byte[] bytes = new byte[128];
        Assert.Equal(Errno.None, Log.GetDirtyLog(slot, bytes));
        return KvmBytes.Pages(bytes);
    }

    public Errno Clear(ulong first, uint count, params IEnumerable<ulong> pages) => Log.ClearDirtyLog(3, first, count, KvmBytes.Of(first, count, pages));

    /// <summary>Whether a store to the page would be unseen: it is not in the log, and the page is writable.</summary>
    public bool IsUnseen(ulong gfn)
    {
        SortedSet<(uint Slot, ulong Offset)> pending = DirtySet.Harvest(Log);
        if (pending.Contains((3u, gfn)))
            return false;
        Assert.Equal(VcpuExit.None, Store(gfn));
        return !DirtySet.Harvest(Log).Contains((3u, gfn));
    }
}
