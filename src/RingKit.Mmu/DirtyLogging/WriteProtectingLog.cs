using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>What the logs that learn of first writes through protection have in common: the order of protection and invalidation.</summary>
public abstract class WriteProtectingLog : MachineDirtyLog
{
    private protected WriteProtectingLog(VirtualMachine machine)
        : base(Checked(machine))
    {
    }

    /// <summary>
    /// Whether harvests protect what they take. Not to, loses writes: it is for measurements of what the taking costs by itself, between two starts.
    /// </summary>
    internal bool ProtectsPages { get; set; } = true;

    /// <summary>Whether the harvest has to end with an invalidation: it has protected pages.</summary>
    private protected bool NeedsInvalidation { get; set; }

    /// <summary>Starts to log one slot, whose pages are protected; the others go on as they are. Nothing happens to a slot that is logged already.</summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    public void Start(MemorySlot slot)
    {
        CheckSlot(slot);
        using VcpuSafeScope scope = EnterSlots();
        if (slot.LogsDirtyPages)
            return;
        ForgetLateWrites(slot);
        StartSlots([slot]);
    }

    /// <summary>
    /// Stops to log one slot and forgets what was not harvested of it; the others go on, and lose nothing. Nothing happens to a slot that is not logged.
    /// </summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    public void Stop(MemorySlot slot)
    {
        CheckSlot(slot);
        using VcpuSafeScope scope = EnterSlots();
        if (!slot.LogsDirtyPages)
            return;
        try
        {
            LowerFlags([slot]);
            ForgetSlot(slot);
        }
        finally
        {
            EndHarvest();
        }

        ForgetReturned(slot);
        Machine.Mmu.LogStopped(slot);
    }

    /// <summary>
    /// Takes what devices and the host have written to a slot, and what harvests have put back, into the log itself, where it has calls by which pages are fetched besides
    /// harvests. Under the lock. By default nothing: harvests take it.
    /// </summary>
    internal virtual void BringInWritesWithoutVcpu(MemorySlot slot)
    {
    }

    private protected override void StartLocked() => StartSlots(Machine.Memory.Slots.AsSpan());

    private protected override void StopLocked()
    {
        LowerFlags(Machine.Memory.Slots.AsSpan());
        ForgetAll();
        foreach (MemorySlot slot in Machine.Memory.Slots)
            Machine.Mmu.LogStopped(slot);
    }

    /// <summary>Begins to record slots that are flagged by now. Protects them, and invalidates.</summary>
    private protected virtual void Begin(ReadOnlySpan<MemorySlot> slots)
    {
        foreach (MemorySlot slot in slots)
            Machine.Mmu.WriteProtectAll(slot);
        Invalidate();
        foreach (MemorySlot slot in slots)
            Machine.Mmu.LogStarted(slot);
    }

    /// <summary>Forgets all that is recorded. No slot is flagged any more, so it protects nothing.</summary>
    private protected virtual void ForgetAll() => Forget();

    /// <summary>
    /// Forgets what is recorded of a slot that is not flagged any more. By default all is taken, and what is of other slots comes back in the next harvest.
    /// </summary>
    private protected virtual void ForgetSlot(MemorySlot slot)
    {
        var others = new OtherSlotsSink(this, slot);
        Collect(ref others);
    }

    // Also where the sink throws: pages that it had taken are protected, but not in the TLBs yet.
    private protected override void EndHarvest()
    {
        if (NeedsInvalidation)
            Invalidate();
    }

    private protected abstract override void Free();

    /// <summary>Protects pages again: a reset call. Those of a slot that is not logged stay as they are: the next start protects them with the rest.</summary>
    internal void Protect(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        if (!slot.LogsDirtyPages || !ProtectsPages)
            return;
        Machine.Mmu.WriteProtect(slot, baseOffset, mask);
        NeedsInvalidation = true;
        ResetCalls++;
    }

    /// <summary>Books what a harvest visited.</summary>
    private protected void Book(ulong entries, ulong bytesTouched, ulong refusedPages = 0) => Books = Books with
    {
        Entries = Books.Entries + entries,
        BytesTouched = Books.BytesTouched + bytesTouched,
        RefusedPages = Books.RefusedPages + refusedPages,
    };

    private static VirtualMachine Checked(VirtualMachine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        if (machine.HashTable is not null)
            throw new ArgumentException($"The machine has a hashed page table; take a {nameof(HashTableDirtyLog)}.", nameof(machine));
        if (machine.Shadow is not null)
            throw new ArgumentException($"The machine has shadow mappings; take a {nameof(ShadowDirtyLog)}.", nameof(machine));
        foreach (MemorySlot slot in machine.Memory.Slots)
        {
            if (machine.Tdp?.CanLog(slot) is { } error and not Errno.None)
                throw new ArgumentException($"Slot {slot.Id} is guest_memfd's, whose dirty log KVM refuses ({error}) and the machine's options do not allow.", nameof(machine));
        }

        return machine;
    }

    private void StartSlots(ReadOnlySpan<MemorySlot> slots)
    {
        foreach (MemorySlot slot in slots)
            slot.LogsDirtyPages = true;

        HardwareOrdering.FullFence();                                                 // E7, E90: flag up, then look for writable entries
        foreach (MemorySlot slot in slots)
            Machine.Mmu.LogStarting(slot);
        Begin(slots);
    }

    // When nobody is inside a fault, or a call, any more that saw the flag up, what is recorded is all that will be.
    private void LowerFlags(ReadOnlySpan<MemorySlot> slots)
    {
        foreach (MemorySlot slot in slots)
            slot.LogsDirtyPages = false;
        Invalidate();
        AwaitRecorders();
    }

    /// <summary>Drops every vCPU's translations.</summary>
    internal void Invalidate()
    {
        int flushed = Machine.InvalidateTlbs();
        NeedsInvalidation = false;
        Books = Books with { Invalidations = Books.Invalidations + (ulong)flushed };
    }

    private readonly struct OtherSlotsSink(WriteProtectingLog log, MemorySlot forgotten) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            if (slot != forgotten)
                log.SetAside(slot, baseOffset, mask);
        }
    }
}
