using System.Diagnostics;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Host;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>What dirty logs do to the page table: protection, and its invalidation. One thread at a time.</summary>
internal sealed partial class Stage2HvCore<TOrdering>
{
    // Waiting faults get the lock between pieces.
    private const ulong ProtectionPiece = 1UL << 30;

    private Stage2LogCounts _logCounts;

    /// <summary>What logs have done so far.</summary>
    public Stage2LogCounts LogCounts => _logCounts;

    /// <summary>Starts a slot's log.</summary>
    /// <returns><see cref="Errno.Invalid"/> if a driver has memory of the slot; nothing has changed then.</returns>
    public Errno StartLogging<TThread>(ref TThread thread, Stage2Slot slot, MemslotLog<TOrdering> log)
        where TThread : struct, IStage2HostThread
    {
        foreach (HostRegion<TOrdering> region in Host.Regions)
        {
            bool isSlots = region.Address < slot.UserspaceAddress + slot.Size && slot.UserspaceAddress < region.Address + region.Size;
            if (isSlots && region.Kind == HostRegionKind.PfnMapped)
                return Errno.Invalid;
        }

        // A fault looks at the flag under the lock, and so either before it is raised, and is protected, or after, and marks (E66).
        slot.Memory.LogsDirtyPages = true;
        Stage2SlotProtection<TOrdering, TThread> protection = ProtectionOf(ref thread, slot);
        log.Start(ref protection);
        return Errno.None;
    }

    /// <summary>Stops a slot's log. No entry changes: what is read-only stays so until it is written, and tables stay.</summary>
    /// <remarks>Faults that saw the flag may still mark; the log forgets that when it starts again.</remarks>
    public void StopLogging(Stage2Slot slot, MemslotLog<TOrdering> log)
    {
        slot.Memory.LogsDirtyPages = false;
        log.Stop();
        EndSplitting();
    }

    /// <summary>How a slot's log protects it.</summary>
    public Stage2SlotProtection<TOrdering, TThread> ProtectionOf<TThread>(ref TThread thread, Stage2Slot slot)
        where TThread : struct, IStage2HostThread => new(this, slot, ref thread);

    /// <summary>Protects a slot; blocks stay, and are read-only. The caller has the lock alone, which is given back now and then, and flushes.</summary>
    public void ProtectSlot<TThread>(ref TThread thread, Stage2Slot slot)
        where TThread : struct, IStage2HostThread
    {
        ulong end = slot.BaseIpa + slot.Size;
        var counting = new LogCountingThread<TThread>(ref thread, ref _logCounts, slot.BaseIpa, ulong.MaxValue);
        for (ulong ipa = slot.BaseIpa, next; ipa < end; ipa = next)
        {
            next = Math.Min(end, (ipa & ~(ProtectionPiece - 1)) + ProtectionPiece);
            Errno error = Table.WriteProtect(ref counting, ipa, next - ipa, out _);
            Debug.Assert(error == Errno.None, "Slots are within the IPA size.");
            if (next == end)
                break;
            Lock.Exit();
            Lock.Enter(ref thread);
        }
    }

    /// <summary>Protects the pages of a bitmap's word, by the options' rule. The caller has the lock alone, and flushes.</summary>
    /// <param name="thread">The calling thread.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="firstPage">The page of bit 0, counted from the slot's first: its address may be any multiple of 4 KiB.</param>
    /// <param name="mask">The pages, all of the slot.</param>
    public void ProtectMasked<TThread>(ref TThread thread, Stage2Slot slot, ulong firstPage, ulong mask)
        where TThread : struct, IStage2HostThread
    {
        ulong ipa = slot.BaseIpa + (firstPage << GuestPage.Shift);
        var counting = new LogCountingThread<TThread>(ref thread, ref _logCounts, ipa, mask);
        Errno error = Options.MaskedProtection == MaskedProtection.Span
            ? Table.WriteProtectSpan(ref counting, ipa, mask, out _)
            : Table.WriteProtectExact(ref counting, ipa, mask, out _);
        Debug.Assert(error == Errno.None, "A mask has no bits beyond its slot.");
    }

    /// <summary>Invalidates a slot in all vCPUs, once.</summary>
    public void FlushSlot<TThread>(ref TThread thread, Stage2Slot slot)
        where TThread : struct, IStage2HostThread
    {
        _logCounts.Flushes++;
        thread.InvalidateRange(slot.BaseIpa, slot.Size);
    }
}
