using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>The dirty log: start, stop, harvest, and KVM's GET_DIRTY_LOG.</summary>
/// <remarks>Thread role: one thread at a time, while vCPUs run and the host takes pages away. A resize or reset of the table comes before or after.</remarks>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>What the harvests have been measured to cost, for <see cref="HarvestMethod.Cheapest"/>.</summary>
    public HarvestCosts Costs { get; } = HarvestCosts.Measured;

    /// <summary>
    /// Starts to log a slot. What was recorded before is forgotten. From 4.15 on C stays, so that the first harvest reports the pages that
    /// are resident and changed; before, C is cleared. With <see cref="LogsByFaults"/> all its entries become read-only, and what faults meanwhile is
    /// recorded.
    /// </summary>
    public HarvestStatistics StartLogging<TThread>(ref TThread thread, HashSlot<TOrdering> slot)
        where TThread : struct, IHostThread, allows ref struct
    {
        var tally = default(HarvestTally);
        slot.Changed.Forget();
        slot.Logs = true;
        TOrdering.ProcessWideFence();                                                 // E7: who has not seen the log has stored what it does not record
        if (LogsByFaults)
        {
            ProtectAll(ref thread, slot, ref tally);
        }
        else if (KeepsChangedInRmap)
        {
            Walk(ref thread, slot, EntryRule.Changed, filtered: false, ref tally);
            slot.Changed.Forget();
        }

        return tally.ToStatistics();
    }

    /// <summary>
    /// KVM_GET_DIRTY_LOG: takes the pages of a slot that were changed since the last time, as a bitmap, a bit a page of the host from each byte's
    /// least significant bit on.
    /// </summary>
    /// <param name="thread">The calling thread.</param>
    /// <param name="slotId">The slot.</param>
    /// <param name="buffer">8 bytes or more for each 64 pages. What the bitmap does not need is left as it is.</param>
    /// <param name="method">How to find the pages.</param>
    /// <param name="vcpusRun">Whether any vCPU may be in the guest. If none is, what processors have not written back yet is fetched.</param>
    /// <param name="statistics">What it cost.</param>
    /// <returns>
    /// EINVAL if there is no such slot, ENOENT if it is not logged, EFAULT if the buffer is too small. Then nothing was changed; KVM by contrast
    /// learns of EFAULT at the end, when the log is gone.
    /// </returns>
    public Errno GetDirtyLog<TThread>(
        ref TThread thread, uint slotId, Span<byte> buffer, HarvestMethod method, bool vcpusRun, out HarvestStatistics statistics)
        where TThread : struct, IHostThread, allows ref struct
    {
        statistics = default;
        if (FindSlotById(slotId) is not { } slot)
            return Errno.Invalid;
        if (!slot.Logs || !slot.IsSet)
            return Errno.NoEntry;
        if ((ulong)buffer.Length / sizeof(ulong) < slot.WordCount)
            return Errno.BadAddress;

        buffer = buffer[..((int)slot.WordCount * sizeof(ulong))];
        buffer.Clear();
        var sink = new BitmapBufferSink(buffer);
        statistics = Harvest(ref thread, slot, method, vcpusRun, ref sink);
        return Errno.None;
    }

    /// <summary>
    /// Hands the pages of a slot that were changed since the last time to a sink. A sweep meets other slots' changed pages too: each that logs keeps
    /// them for its own harvest.
    /// </summary>
    public HarvestStatistics Harvest<TThread, TSink>(
        ref TThread thread, HashSlot<TOrdering> slot, HarvestMethod method, bool vcpusRun, ref TSink sink)
        where TThread : struct, IHostThread, allows ref struct
        where TSink : struct, IHashSlotSink, allows ref struct
    {
        var tally = default(HarvestTally);
        if (LogsByFaults)
        {
            TakeAndProtect(ref thread, slot, ref sink, ref tally);
            return tally.ToStatistics();
        }

        // The entries first. One that is removed behind the pass has its C in the record by the time when that is taken, or at the next.
        if (Has(HashTableDefects.HarvestTakesRecordFirst))
            Take(slot, ref sink, ref tally);
        HarvestEntries(ref thread, slot, method, RuleOf(vcpusRun), ref tally);
        if (!Has(HashTableDefects.HarvestTakesRecordFirst))
            Take(slot, ref sink, ref tally);
        return tally.ToStatistics();
    }

    /// <summary>The same for all slots that are logged; a sweep is one for all.</summary>
    public HarvestStatistics HarvestAll<TThread, TSink>(ref TThread thread, HarvestMethod method, bool vcpusRun, ref TSink sink)
        where TThread : struct, IHostThread, allows ref struct
        where TSink : struct, IHashSlotSink, allows ref struct
    {
        if (method == HarvestMethod.Cheapest)
            method = ChooseForAll(vcpusRun);
        var statistics = default(HarvestStatistics);
        if (method == HarvestMethod.Sweep && !LogsByFaults && !Has(HashTableDefects.HarvestTakesRecordFirst))
        {
            var tally = default(HarvestTally);
            Sweep(ref thread, RuleOf(vcpusRun), ref tally);
            foreach (HashSlot<TOrdering> slot in Slots)
            {
                if (slot.Logs)
                    Take(slot, ref sink, ref tally);
            }

            return tally.ToStatistics();
        }

        foreach (HashSlot<TOrdering> slot in Slots)
        {
            if (slot.Logs)
                statistics += Harvest(ref thread, slot, method, vcpusRun, ref sink);
        }

        return statistics;
    }

    /// <summary>The slot of an id, or null.</summary>
    public HashSlot<TOrdering>? FindSlotById(uint id)
    {
        foreach (HashSlot<TOrdering> slot in Slots)
        {
            if (slot.Memory.Id == id)
                return slot;
        }

        return null;
    }

    private void HarvestEntries<TThread>(
        ref TThread thread, HashSlot<TOrdering> slot, HarvestMethod method, EntryRule rule, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (method == HarvestMethod.Cheapest)
            method = Choose(slot, rule);
        if (method == HarvestMethod.Sweep)
            Sweep(ref thread, rule, ref tally);
        else
            Walk(ref thread, slot, rule, filtered: method == HarvestMethod.FilteredWalk, ref tally);
    }

    private EntryRule RuleOf(bool vcpusRun) =>
        vcpusRun || !Options.HarvestsThoroughly || Has(HashTableDefects.FinalHarvestTrustsC) ? EntryRule.Changed : EntryRule.ChangedOrWritable;

    private static void Take<TSink>(HashSlot<TOrdering> slot, ref TSink sink, ref HarvestTally tally)
        where TSink : struct, IHashSlotSink, allows ref struct
    {
        tally.BytesScanned += slot.WordCount * sizeof(ulong);
        for (ulong word = 0; word < slot.WordCount; word++)
        {
            ulong mask = slot.Changed.Take(word);
            if (mask != 0)
                slot.Changed.HandOver(slot.Memory, word, mask, ref sink);
        }
    }
}
