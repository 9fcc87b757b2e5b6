using System.Numerics;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;

namespace RingKit.Properties.DirtyRings.Mistakes;

/// <summary>A migration's copy of a machine of two vCPUs, kept by a harvester that is written here, on one thread, so that it can make mistakes.</summary>
internal sealed class HandDrivenHarvest : IDisposable
{
    public const int PageCount = 100;

    private readonly GuestMemory _memory = new();
    private readonly MemorySlot _slot;
    private readonly VirtualMachine _machine;
    private readonly RingDirtyLog _log;
    private readonly HarvestMistake _mistake;
    private readonly byte[] _copy = new byte[PageCount * GuestPage.Size];
    private ulong _value;

    public HandDrivenHarvest(Func<GuestMemory, VirtualMachine> machine, HarvestMistake mistake)
    {
        _mistake = mistake;
        _slot = _memory.AddSlot(1, 0x200, PageCount);
        _machine = machine(_memory);

        // All is mapped: under logging a processor that logs by itself has no faults.
        for (int page = 0; page < PageCount; page++)
            Store(0, page);
        _log = new RingDirtyLog(_machine, ringEntries: 1024);
        _log.Start();
        _slot.Memory.AsSpan().CopyTo(_copy);
    }

    public bool IsCopyEqual => _copy.AsSpan().SequenceEqual(_slot.Memory.AsSpan());

    /// <summary>A vCPU stores a new value to a page.</summary>
    public void Store(int vcpu, int page) => GuestAction.Run(_machine.Vcpus[vcpu], one => one.Store(AddressOf(page), ++_value));

    /// <summary>The same, and in the same step, before the vCPU has left the guest, a round.</summary>
    public void StoreAndRound(int vcpu, int page, int? overtaker) => GuestAction.Run(_machine.Vcpus[vcpu], one =>
    {
        VcpuExit exit = one.Store(AddressOf(page), ++_value);
        Round(overtaker is null ? null : () => Store(1 - vcpu, overtaker.Value));
        return exit;
    });

    /// <summary>A round.</summary>
    /// <param name="overtake">What a vCPU does in the middle, between the harvest of the entries and their reset.</param>
    public void Round(Action? overtake = null)
    {
        List<int> pages = [];
        if (_mistake != HarvestMistake.SkipsKick)
            _machine.Mmu.BringInRecords();
        foreach (DirtyRing ring in _log.Rings)
        {
            var entries = new DirtyGfn[ring.Capacity];
            int harvested = ring.Harvester.Harvest(entries);
            foreach (DirtyGfn entry in entries.AsSpan(0, harvested))
                pages.Add((int)entry.Offset);
        }

        if (_mistake == HarvestMistake.CopiesBeforeReset)
            pages.ForEach(Copy);
        overtake?.Invoke();
        var target = new Target(this);
        foreach (DirtyRing ring in _log.Rings)
            ring.Resetter.Reset(ref target);
        if (_mistake != HarvestMistake.SkipsInvalidation)
            _machine.InvalidateTlbs();
        if (_mistake != HarvestMistake.CopiesBeforeReset)
            pages.ForEach(Copy);
    }

    public void Dispose()
    {
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }

    private ulong AddressOf(int page) => (_slot.BaseGfn + (ulong)page) << GuestPage.Shift;

    private void Copy(int page) =>
        _slot.Memory.AsSpan().Slice(page * GuestPage.Size, GuestPage.Size).CopyTo(_copy.AsSpan(page * GuestPage.Size));

    private readonly struct Target(HandDrivenHarvest harvest) : IResetTarget
    {
        public ulong PagesIn(uint slot) => harvest._slot.Id == slot ? PageCount : 0ul;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            if (harvest._mistake == HarvestMistake.ConsumesMask)
                mask &= ~Cleared(mask);
            harvest._machine.Mmu.WriteProtect(harvest._slot, baseOffset, mask);
        }

        // The first posting kept a bitmap too, and cleared it bit by bit in the variable that it protected by.
        private static ulong Cleared(ulong mask)
        {
            ulong bits = 0;
            for (; mask != 0; mask &= mask - 1)
                bits |= 1ul << BitOperations.TrailingZeroCount(mask);
            return bits;
        }
    }
}
