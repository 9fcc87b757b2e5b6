using RingKit.Memory;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Resizing;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>Faults, second level: the host's page is found, or brought in, and the entry made to map it.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    private readonly NativeView<uint> _isReplaced = new NativeBlock<uint>(1).View;

    /// <summary>
    /// Whether guests may run and entries be made valid: not while the table is replaced. Whoever makes an entry valid looks again under the
    /// entry's lock, which a resize takes for each entry after it has cleared this (E43). Who sees it set again sees the new table too: a reference, which
    /// no model of memory knows, so the order is the hardware's.
    /// </summary>
    internal bool MmuReady
    {
        get => HardwareOrdering.LoadAcquire(ref _isReplaced[0]) == 0;
        set => HardwareOrdering.StoreRelease(ref _isReplaced[0], value ? 0 : 1u);
    }

    /// <summary>Mends a fault of which <see cref="JudgeFault"/> says that the host has to help.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="fault">The fault.</param>
    /// <param name="snapshot">The entry as the first level saw it.</param>
    /// <param name="cache">What the vCPU remembers of devices, or null.</param>
    /// <remarks>Source: KVM's <c>kvmppc_book3s_hv_page_fault</c>.</remarks>
    internal PageFaultOutcome HandlePageFault<TThread>(
        ref TThread thread, in StorageFault fault, FaultSnapshot snapshot, MmioCache? cache = null)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (snapshot.IsKept && snapshot.Generation == MmioGeneration)                 // E70
            return PageFaultOutcome.Mmio;

        // One table from here to the end, even if a resize replaces it meanwhile: then nothing is done to it.
        HptInfo<TOrdering> hpt = Hpt;
        if (!hpt.Table.IsEntry(snapshot.Index))
            return PageFaultOutcome.Retry;

        PageFaultOutcome outcome = HandlePageFault(ref thread, hpt, in fault, snapshot, cache);
        GC.KeepAlive(hpt);
        return outcome;
    }

    private PageFaultOutcome HandlePageFault<TThread>(
        ref TThread thread, HptInfo<TOrdering> hpt, in StorageFault fault, FaultSnapshot snapshot, MmioCache? cache)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong index = snapshot.Index;
        Hpte entry = hpt.Table.Lock(index, ref thread);
        ulong guestR = hpt.Chains.LoadGuestR(index);
        hpt.Table.Unlock(index, entry.V);
        if (entry != snapshot.Entry || HptePageSize.Decode(entry.V, guestR) is not { } size)
            return PageFaultOutcome.Retry;

        ulong baseGfn = size.Gfn(guestR, Options.PageShift);
        ulong gfn = ((guestR & HpteR.Rpn & ~(size.Bytes - 1)) | (fault.Address.Address & (size.Bytes - 1))) >> Options.PageShift;

        // Before slot and page are looked up: whoever takes them away afterwards is seen under the rmap word's lock.
        ulong sequence = InvalidationSequence;                                        // E47
        if (FindMemory(gfn) is not { } slot)
        {
            // Kept only now. The first level has not asked for a slot: an entry of a device's whose page has become memory meanwhile would be kept as current.
            if (snapshot.Generation != 0 && IsMmio(entry))
                cache?.Keep(fault.Address, snapshot with { IsKept = false }, guestR);
            return PageFaultOutcome.Mmio;
        }

        ulong bytes = Math.Max(size.Bytes, 1UL << Options.PageShift);
        ulong offset = baseGfn - slot.BaseGfn;
        if (!slot.Holds(baseGfn) || size.ActualShift > Options.BackingShift || ((offset << Options.PageShift) & (bytes - 1)) != 0)
            return PageFaultOutcome.NoHostPage;

        uint host = BringIn(ref thread, slot, gfn - slot.BaseGfn, fault.IsStore);
        ulong r = guestR;
        bool inhibited = (host & HostPages<TOrdering>.CachingInhibited) != 0;
        if (!AllowsCaching(r, inhibited))
        {
            if (inhibited)
                return PageFaultOutcome.NoHostPage;
            r = (r & ~HpteR.Wimg) | HpteR.Coherent;
        }

        ulong address = slot.HostAddress + (offset << Options.PageShift);
        r = (r & (HpteR.KeyHigh | HpteR.Pp0 | (bytes - 1))) | address;
        if ((host & HostPages<TOrdering>.ReadOnly) != 0 && new Hpte(entry.V, r).IsWritable)
            r = Hpte.MakeReadOnly(r);

        ulong chained = Has(HashTableDefects.FaultChainsFaultingPage) ? gfn - slot.BaseGfn : offset;
        return Install(ref thread, hpt, snapshot, new Mapping(slot, offset, size, guestR, r, fault.IsStore, sequence), ref slot.RmapOf(chained));
    }

    private PageFaultOutcome Install<TThread>(
        ref TThread thread, HptInfo<TOrdering> hpt, FaultSnapshot snapshot, in Mapping mapping, ref ulong rmap)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong index = snapshot.Index;
        Hpte entry = hpt.Table.Lock(index, ref thread);
        bool resizes = !MmuReady && !Has(HashTableDefects.FaultIgnoresResize);
        if (resizes || !ReferenceEquals(hpt, Hpt) || entry != snapshot.Entry || hpt.Chains.LoadGuestR(index) != mapping.GuestR)
        {
            hpt.Table.Unlock(index, entry.V);
            return PageFaultOutcome.Retry;
        }

        ulong word = hpt.Chains.Lock(ref rmap, ref thread);
        if (InvalidationSequence != mapping.Sequence)                                 // E47
        {
            hpt.Chains.Unlock(ref rmap, word);
            hpt.Table.Unlock(index, entry.V);
            return PageFaultOutcome.Retry;
        }

        // The guest's view is in R; a bit that the host has cleared since stays cleared. A store is recorded before its entry may become writable.
        if (mapping.IsStore)
            RecordWrite(mapping.Slot, mapping.Offset, mapping.Size);
        ulong r = InstallProtection(mapping.Slot, mapping.Offset, mapping.Size, WithBothViews(mapping.R, word));
        hpt.Chains.Unlock(ref rmap, entry.IsValid ? word : AddToChain(word, (uint)index));
        if (entry.IsValid)
            r |= Invalidate(ref thread, index, (entry.V & ~HpteV.Valid) | HpteV.Absent) & HpteR.ReferencedChanged;

        var installed = new Hpte((entry.V & ~HpteV.Absent) | HpteV.Valid, r);
        hpt.Table.StoreR(index, installed);
        hpt.Table.Unlock(index, installed.V);
        return entry.IsValid ? PageFaultOutcome.Replaced : PageFaultOutcome.Installed;
    }

    /// <summary>What a fault makes of an entry.</summary>
    /// <param name="Slot">The slot.</param>
    /// <param name="Offset">The entry's first page.</param>
    /// <param name="Size">The entry's page size.</param>
    /// <param name="GuestR">The guest's own R.</param>
    /// <param name="R">R for the table, with the guest's view of R and C.</param>
    /// <param name="IsStore">Whether a store faulted.</param>
    /// <param name="Sequence">The count of invalidations from before the host's page was looked up.</param>
    private readonly record struct Mapping(
        HashSlot<TOrdering> Slot, ulong Offset, HptePageSize Size, ulong GuestR, ulong R, bool IsStore, ulong Sequence);
}
