using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>What the logs that learn of first writes through protection have in common: the order of protection and invalidation.</summary>
public abstract class WriteProtectingLog : MachineDirtyLog
{
    private bool _isStopping;

    private protected WriteProtectingLog(VirtualMachine machine)
        : base(Checked(machine), new Lock())
    {
    }

    /// <summary>Whether harvests protect what they take. Not to, loses writes: it is for measurements of what the taking costs by itself, between two starts.</summary>
    internal bool ProtectsPages { get; set; } = true;

    private protected bool ProtectedSinceInvalidation { get; private set; }

    private protected override void StartLocked()
    {
        foreach (MemorySlot slot in Machine.Memory.Slots)
            slot.LogsDirtyPages = true;

        HardwareOrdering.FullFence();                                                 // E7: flag up, then look for writable entries
        foreach (MemorySlot slot in Machine.Memory.Slots)
            Machine.Mmu.LogStarting(slot);
        Begin();
    }

    private protected override void StopLocked()
    {
        foreach (MemorySlot slot in Machine.Memory.Slots)
            slot.LogsDirtyPages = false;

        // When no vCPU is inside a fault any more that saw the flag up, what is recorded is all that will be.
        Invalidate();

        // Pages that are writable stay so: the next start protects them with the rest.
        _isStopping = true;
        ForgetAll();
        _isStopping = false;
        foreach (MemorySlot slot in Machine.Memory.Slots)
            Machine.Mmu.LogStopped(slot);
    }

    /// <summary>Begins to record: all slots are flagged. Protects them, and invalidates.</summary>
    private protected virtual void Begin()
    {
        foreach (MemorySlot slot in Machine.Memory.Slots)
            Machine.Mmu.WriteProtectAll(slot);
        Invalidate();
        foreach (MemorySlot slot in Machine.Memory.Slots)
            Machine.Mmu.LogStarted(slot);
    }

    /// <summary>Forgets all that is recorded; it protects nothing.</summary>
    private protected virtual void ForgetAll() => Forget();

    // Also where the sink throws: pages that it had taken are protected, but not in the TLBs yet.
    private protected override void EndHarvest()
    {
        if (ProtectedSinceInvalidation)
            Invalidate();
    }

    private protected abstract override void Free();

    /// <summary>Protects pages again: a reset call.</summary>
    private protected void Protect(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        if (_isStopping || !ProtectsPages)
            return;
        Machine.Mmu.WriteProtect(slot, baseOffset, mask);
        ProtectedSinceInvalidation = true;
        Books = Books with { ResetCalls = Books.ResetCalls + 1 };
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

    /// <summary>Drops every vCPU's translations.</summary>
    private protected void Invalidate()
    {
        int flushed = Machine.InvalidateTlbs();
        ProtectedSinceInvalidation = false;
        Books = Books with { Invalidations = Books.Invalidations + (ulong)flushed };
    }
}
