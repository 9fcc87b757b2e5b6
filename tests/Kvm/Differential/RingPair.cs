using System.Runtime.InteropServices;
using RingKit.DirtyRings;
using RingKit.Kvm.Native;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>Both machines with rings, in step.</summary>
/// <remarks>
/// A run of the real vCPU comes first. Then the simulated one makes the same stores, one by one, beside the entries that the kernel has pushed. Where the
/// simulation pushes, the kernel has to have pushed the same page. Where the kernel alone has pushed, its page must have been logged since it was last
/// protected: KVM is free to push it again, as it does for each store that it emulates, and the simulation is then told that KVM itself has written the page.
/// So the rings are equal entry by entry, and so are all harvests and resets that follow.
/// </remarks>
internal sealed class RingPair : MachinePair
{
    private readonly RingSide[] _sides;
    private readonly HashSet<(uint Slot, ulong Page)> _logged = [];
    private readonly HashSet<ushort> _on;

    public RingPair(MachineShape shape)
        : base(shape, hasRings: true)
    {
        _sides = [.. Enumerable.Range(0, shape.Vcpus).Select(vcpu => new RingSide(Real.Vcpus[vcpu], MappingOf(vcpu), shape.RingEntries))];
        _on = [.. shape.Slots.Where(slot => slot.IsLogged).Select(slot => slot.Id)];
    }

    /// <summary>Entries that the kernel has pushed beyond the first of a page.</summary>
    public int Duplicates { get; private set; }

    public int Entries { get; private set; }

    public int FullExits { get; private set; }

    private int SoftLimit => Shape.RingEntries - KernelProfile.Value.ReservedEntries;

    /// <summary>Stores that a vCPU can make without its ring being full, whatever the kernel pushes.</summary>
    public int RoomOf(int vcpu) => SoftLimit - 1 - _sides[vcpu].Used;

    public bool IsHalted(int vcpu) => _sides[vcpu].Left == 0;

    /// <summary>Whether no vCPU is in the middle of its stores.</summary>
    public bool AreAllHalted => _sides.All(side => side.Left == 0);

    /// <summary>Has a vCPU that has halted begin to store.</summary>
    public void Load(int vcpu, ulong[] frames, int turns)
    {
        LoadReal(vcpu, frames, turns);
        _sides[vcpu].Begin(frames);
    }

    /// <summary>Runs a vCPU until it halts or finds its ring full, in both machines.</summary>
    public KvmExitReason Run(int vcpu)
    {
        RingSide side = _sides[vcpu];
        bool wasFull = side.Used >= SoftLimit;
        KvmExitReason reason = RunReal(vcpu);
        List<DirtyGfn> pushed = side.Pushed();
        Assert.True(side.Used <= Shape.RingEntries, $"{side.Used} entries used, of {Shape.RingEntries}");
        Entries += pushed.Count;

        var step = new AlignedStores(this, side, pushed, MadeByReal(vcpu, side.Frames.Length));
        VcpuExit exit = SimulatedMachine.Vcpus[vcpu].Run(ref step);
        if (wasFull)
            Assert.Empty(pushed);

        // A guest that halts right behind the store which fills its ring need not be asked to leave: it has left.
        if (reason == KvmExitReason.Halted && side.Used >= SoftLimit && !wasFull)
        {
            AssertSame("a full ring's exit after a halt", RunReal(vcpu), ReasonOf(exit));
            return KvmExitReason.Halted;
        }

        AssertSame($"vCPU {vcpu} with {side.Used} entries used", reason, ReasonOf(exit));
        FullExits += reason == KvmExitReason.DirtyRingFull ? 1 : 0;
        return reason;
    }

    /// <summary>Takes entries of a vCPU's ring, in both machines.</summary>
    public void Harvest(int vcpu, int most)
    {
        var real = new DirtyGfn[Math.Min(most, Shape.RingEntries)];
        var simulated = new DirtyGfn[real.Length];
        int count = AssertSame($"harvest of vCPU {vcpu}", _sides[vcpu].Real.Harvester.Harvest(real), _sides[vcpu].Simulated.Harvester.Harvest(simulated));
        for (int i = 0; i < count; i++)
            AssertSame($"entry {i} of {count}", (real[i].Slot, real[i].Offset), (simulated[i].Slot, simulated[i].Offset));
        _sides[vcpu].Harvested(real.AsSpan(0, count));
    }

    /// <summary>One reset, in both machines.</summary>
    public void Reset()
    {
        Errno error;
        int entries;
        using (new BlockedSignals())
            error = Real.ResetDirtyRings(out entries);
        KvmReset simulated = Simulated.ResetDirtyRings();
        AssertSame("reset", (error, entries), (simulated.Error, simulated.Entries));
        int sum = 0, ofDeleted = 0;
        foreach (RingSide side in _sides)
        {
            foreach ((uint slot, ulong page) in side.TakeHarvested())
            {
                _logged.Remove((slot, page));
                sum++;
                ofDeleted += Layout.Find((ushort)slot) is null ? 1 : 0;
            }
        }

        // Of several entries of a page only one is refused.
        Assert.True(ofDeleted == 0 ? simulated.RefusedPages == 0 : simulated.RefusedPages > 0 && simulated.RefusedPages <= ofDeleted, $"{simulated}, {ofDeleted} of deleted slots");

        Assert.Equal(sum, entries);
    }

    /// <summary>Calls that rings refuse, or that come too late.</summary>
    public void Refuse(byte where, byte count)
    {
        uint slot = where % 3 == 0 ? 40_000u : Shape.Slots[where % Shape.Slots.Length].Id;
        ulong[] words = new ulong[64];
        AssertSame("GET", Real.GetDirtyLog(slot, words), Simulated.GetDirtyLog(slot, MemoryMarshal.AsBytes(words.AsSpan())));
        AssertSame("CLEAR", Real.ClearDirtyLog(slot, count, 64, words), Simulated.ClearDirtyLog(slot, count, 64, new byte[512]));
        KvmCapability ring = count % 2 == 0 ? KvmCapability.DirtyLogRing : KvmCapability.DirtyLogRingAcqRel;
        Assert.NotEqual(Errno.None, EnableCap(ring, 1UL << (where % 40), flags: count % 2u));
        EnableCap(KvmCapability.DirtyLogRingWithBitmap, 0);

        // Not all bits that are allowed: rings of slots whose pages are initially all dirty are of no use, as nothing is protected.
        EnableCap(KvmCapability.ManualDirtyLogProtect2, where % 2 == 0 ? count % 2u : 2, flags: where % 3 == 0 ? 1u : 0);
    }

    /// <summary>Harvests all, resets, and compares what is left: nothing.</summary>
    public void Drain()
    {
        for (int vcpu = 0; vcpu < Shape.Vcpus; vcpu++)
            Harvest(vcpu, int.MaxValue);
        Reset();
        foreach (RingSide side in _sides)
            Assert.Equal(0, side.Used);
        Assert.Equal(default, Simulated.Losses);
    }

    // Where a slot's pages are mapped no more, or anew, and where logging begins, the next store to each is logged, whatever entries the rings still have.
    protected override void Changed(SlotShape? before, SlotShape? now)
    {
        ushort id = (before ?? now)!.Value.Id;
        if (now is not { IsLogged: true })
            _on.Remove(id);
        else if (_on.Add(id) || before?.BaseGfn != now.Value.BaseGfn)
            _logged.RemoveWhere(page => page.Slot == id);
    }

    private KvmRingMapping MappingOf(int vcpu)
    {
        Assert.Equal(Errno.None, Simulated.MapRing(vcpu, out KvmRingMapping? mapping));
        return mapping!;
    }

    private static KvmExitReason ReasonOf(VcpuExit exit) => exit switch
    {
        VcpuExit.Halted => KvmExitReason.Halted,
        VcpuExit.DirtyRingFull => KvmExitReason.DirtyRingFull,
        _ => KvmExitReason.None,
    };

    // One store of the simulated vCPU beside what the kernel has pushed. Returns whether an entry of the kernel's was used up.
    private bool Align(Vcpu vcpu, RingSide side, int index, DirtyGfn? next)
    {
        ulong gfn = side.Frames[index];
        SlotShape slot = Layout.SlotAt(gfn);
        (uint Slot, ulong Page) page = (slot.Id, gfn - slot.BaseGfn);
        bool isOn = _on.Contains(slot.Id), isPushed = next is { } entry && (entry.Slot, entry.Offset) == page;
        uint before = Simulated.Rings[vcpu.Id].Pushed;
        Assert.Equal(VcpuExit.None, StoreSimulated(vcpu, gfn, side.Frames.Length - index));
        uint pushes = Simulated.Rings[vcpu.Id].Pushed - before;
        AssertSame($"store {index} to {page}: the first since it was protected", isOn && !_logged.Contains(page) ? 1u : 0, pushes);
        if (pushes != 0)
        {
            if (!isPushed)
                Assert.Fail($"store {index} to {page}: the kernel has not pushed it, but {next?.Slot}, {next?.Offset}. {Layout}");
            _logged.Add(page);
        }
        else if (isPushed)
        {
            if (!isOn)
                Assert.Fail($"store {index} to {page}: the kernel has pushed it, and it is not logged. {Layout}");
            Assert.Equal(Errno.None, Simulated.MarkPageDirty(SimulatedMachine.Memory.FindById(slot.Id)!, page.Page));
            Duplicates++;
        }

        return isPushed;
    }

    /// <summary>All that the real vCPU stored in a run is one step, so that the simulated one is asked to leave when the real one was.</summary>
    private struct AlignedStores(RingPair pair, RingSide side, List<DirtyGfn> pushed, int made) : IGuestProgram
    {
        private bool _isDone;

        public VcpuExit Step(Vcpu vcpu)
        {
            if (_isDone)
                return VcpuExit.Halted;
            _isDone = true;
            int used = 0;
            for (; side.Done < made; side.Done++)
                used += pair.Align(vcpu, side, side.Done, used < pushed.Count ? pushed[used] : null) ? 1 : 0;

            // One store may be pushed and not made when the vCPU leaves: it makes it when it runs again.
            if (used < pushed.Count && side.Left > 0)
                used += pair.Align(vcpu, side, side.Done, pushed[used]) ? 1 : 0;
            Assert.True(used == pushed.Count, $"the kernel has pushed {pushed.Count - used} entries that nobody stored. {pair.Layout}");
            return VcpuExit.None;
        }
    }
}
