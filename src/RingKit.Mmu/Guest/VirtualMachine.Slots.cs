using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest.Translation;
using RingKit.Ordering;

namespace RingKit.Mmu.Guest;

/// <content>Slots that are taken from the guest while it runs, and come back.</content>
public sealed partial class VirtualMachine
{
    // How a slot goes and no store to it is lost:
    //   1. Its flag goes up, and the page table drops what maps it. Who faults from here on finds no memory.
    //   2. All TLBs are flushed. A vCPU answers that when it has done whatever it does with what it looked up before: so its stores are done, their records are in
    //      the log, and what its processor had recorded by itself is too. A translation that it looked up before it answered and uses afterwards, as it waited for a
    //      lock in between, shows the flag when the vCPU has it, before it is used (E83).
    //   3. Nobody can store any more, and all that was stored is recorded: the log is harvested.
    // The slot stays logged: when it comes back, every page of it that is writable has a record.
    private ulong _removedSlots;

    /// <summary>Starts, stops and harvests of a log one after the other, and changes of slots and tables in between: KVM's slots_lock.</summary>
    internal Lock SlotsLock { get; } = new();

    /// <summary>Takes a slot from the guest while it runs, with the last pages that it has dirtied: none of its stores is missing, and there will be no others.</summary>
    /// <remarks>
    /// When it returns no vCPU can reach the slot: accesses leave the guest with <see cref="VcpuExit.NoMemory"/>. The slot's bytes stay as they were left, for
    /// <see cref="DirtyHarvest.PageOf"/>. Pages of other slots that the harvest has met are in the next one. KVM deletes a slot without asking for its log, which QEMU
    /// has to fetch before, and what is dirtied in between is lost.
    /// <para>Writes by devices that are under way are not stopped: they are in a later harvest.</para>
    /// Any thread, a vCPU's in a step of its program included; vCPUs run meanwhile.
    /// </remarks>
    /// <param name="slot">A slot of the machine.</param>
    /// <param name="last">The slot's dirty pages, to be confirmed or put back, or none where the log is off. Null where the machine has no log, or the answer is an error.</param>
    /// <returns><see cref="Errno.Invalid"/>: the slot is removed already.</returns>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for the pages. The slot is removed, and its pages are in the next harvest.</exception>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno RemoveSlot(MemorySlot slot, out DirtyHarvest? last)
    {
        last = null;
        using VcpuSafeScope scope = EnterSlots(slot);
        if (slot.IsRemoved || HashTable?.Core.Slots[slot.Ordinal].IsSet == false)
            return Errno.Invalid;

        Hide(slot);
        try
        {
            last = DirtyLog?.Take();
            last?.PutBackAllBut(slot);
        }
        finally
        {
            Mmu.SlotRemoved(slot);
        }

        return Errno.None;
    }

    /// <summary>The same; what the slot has dirtied is in the log's next harvest.</summary>
    /// <inheritdoc cref="RemoveSlot(MemorySlot, out DirtyHarvest?)"/>
    public Errno RemoveSlot(MemorySlot slot)
    {
        // Under the lock to the end: no harvest of the log comes between, which would not have the pages.
        using VcpuSafeScope scope = EnterSlots(slot);
        Errno error = RemoveSlot(slot, out DirtyHarvest? last);
        last?.Dispose();
        return error;
    }

    /// <summary>Gives a slot back to the guest, with the bytes that it has. If the machine's log is on, the slot is logged.</summary>
    /// <param name="slot">A slot that was removed.</param>
    /// <returns><see cref="Errno.Invalid"/>: it was not.</returns>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno RestoreSlot(MemorySlot slot)
    {
        using VcpuSafeScope scope = EnterSlots(slot);
        if (!slot.IsRemoved)
            return Errno.Invalid;
        Mmu.SlotReturning(slot);
        slot.IsRemoved = false;
        HardwareOrdering.StoreRelease(ref _removedSlots, _removedSlots - 1);          // E83
        return Errno.None;
    }

    /// <summary>Takes a slot from the guest as KVM does, which asks nobody for the log: what is recorded of it stays where it is.</summary>
    /// <inheritdoc cref="RemoveSlot(MemorySlot, out DirtyHarvest?)"/>
    internal Errno DeleteSlot(MemorySlot slot)
    {
        using VcpuSafeScope scope = EnterSlots(slot);
        if (slot.IsRemoved)
            return Errno.Invalid;
        Hide(slot);
        Mmu.SlotRemoved(slot);
        return Errno.None;
    }

    /// <summary>Puts a slot elsewhere, whether it is removed or not, as KVM does: nothing maps its pages then, and its log goes on.</summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <param name="baseGfn">Its first frame from now on. It overlaps no other slot there.</param>
    /// <exception cref="InvalidOperationException">The page table is not the plainest one, or a vCPU is in the guest.</exception>
    internal void MoveSlot(MemorySlot slot, ulong baseGfn)
    {
        using VcpuSafeScope scope = EnterSlots(slot);
        if (Mmu is not FlatMmu)
            throw new InvalidOperationException("Slots move in machines with the plainest page table alone.");
        if (RunsVcpus)
            throw new InvalidOperationException("A slot moves while no vCPU is in the guest.");
        slot.BaseGfn = baseGfn;
        Mmu.WriteProtectAll(slot);
        InvalidateTlbs();
    }

    /// <summary>Whether a translation leads into a slot that is removed. A vCPU with what it has looked up, before it uses it.</summary>
    internal bool IsRemoved(nuint host) => HardwareOrdering.LoadAcquire(ref _removedSlots) != 0 && IsInRemovedSlot(host);   // E83

    private void Hide(MemorySlot slot)
    {
        slot.IsRemoved = true;
        HardwareOrdering.StoreRelease(ref _removedSlots, _removedSlots + 1);          // E83: the flag, and then the look at the flags
        Mmu.SlotRemoving(slot);
        InvalidateTlbs();
    }

    private unsafe bool IsInRemovedSlot(nuint host)
    {
        foreach (MemorySlot slot in Memory.Slots)
        {
            if (slot.IsRemoved && host - (nuint)slot.Memory.DangerousPointer < slot.Memory.Length)
                return true;
        }

        return false;
    }

    private VcpuSafeScope EnterSlots(MemorySlot slot)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        Memory.CheckSlot(slot);
        return new VcpuSafeScope(SlotsLock, this);
    }
}
