using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>H_CLEAR_REF and H_CLEAR_MOD.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    private bool GuestClearsBits => Options.Era >= HashTableEra.ChangedOrder;

    /// <summary>Clears the guest's R of an entry; the host keeps it.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="index">The entry.</param>
    /// <returns>
    /// r4 is the guest's own R before, with what the processors have set in it. H_FUNCTION: before <see cref="HashTableEra.ChangedOrder"/>.
    /// H_PARAMETER: no such index. H_NOT_FOUND: no entry there.
    /// </returns>
    internal HypercallResult ClearReferenced<TThread>(ref TThread thread, ulong index)
        where TThread : struct, IHostThread, allows ref struct
    {
        HypercallStatus status = TryLockPresent(ref thread, index, out Hpte entry);
        if (status != HypercallStatus.Success)
            return status;

        ulong guestR = Chains.LoadGuestR(index);
        StoreGuestView(index, guestR, guestR & ~HpteR.Referenced);
        if (entry.IsValid)
        {
            guestR |= entry.R & HpteR.ReferencedChanged;
            if ((entry.R & HpteR.Referenced) != 0)
            {
                Table.ClearReferenced(index);
                thread.Tlbie([index]);
                RecordReferenced(ref thread, entry.PageSize!.Value.Gfn(guestR, Options.PageShift));
            }
        }

        Table.Unlock(index, entry.V);
        return new HypercallResult(HypercallStatus.Success, guestR & ~HpteR.Modified);
    }

    /// <summary>Clears the guest's C of an entry; the host keeps it.</summary>
    /// <inheritdoc cref="ClearReferenced"/>
    internal HypercallResult ClearModified<TThread>(ref TThread thread, ulong index)
        where TThread : struct, IHostThread, allows ref struct
    {
        HypercallStatus status = TryLockPresent(ref thread, index, out Hpte entry);
        if (status != HypercallStatus.Success)
            return status;

        ulong guestR = Chains.LoadGuestR(index);
        StoreGuestView(index, guestR, guestR & ~HpteR.Changed);
        if (entry.IsValid)
        {
            // C stands still while the entry is no processor's. The guest may not miss it meanwhile: it is absent.
            ulong r = Invalidate(ref thread, index, (entry.V & ~HpteV.Valid) | HpteV.Absent);
            guestR |= r & HpteR.ReferencedChanged;
            if ((r & HpteR.Changed) != 0)
            {
                Table.StoreR(index, entry with { R = r & ~HpteR.Changed });
                HptePageSize pageSize = entry.PageSize!.Value;
                ulong gfn = pageSize.Gfn(guestR, Options.PageShift);
                if (FindSlot(gfn) is { } slot)
                    RecordChanged(ref thread, slot, gfn - slot.BaseGfn, pageSize.ActualShift);
            }
        }

        Table.Unlock(index, entry.V);
        return new HypercallResult(HypercallStatus.Success, guestR & ~HpteR.Modified);
    }

    /// <summary>Records pages as changed that no entry's C tells of: a C that was cleared, or a write by the host itself.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="slot">The pages' slot.</param>
    /// <param name="offset">The first page.</param>
    /// <param name="shift">log2 of how many bytes.</param>
    internal void RecordChanged<TThread>(ref TThread thread, HashSlot<TOrdering> slot, ulong offset, int shift)
        where TThread : struct, IHostThread, allows ref struct
    {
        shift = Math.Max(shift, Options.PageShift);
        if (Options.Era == HashTableEra.Current || LogsByFaults)
        {
            // A log by faults looks at no rmap word.
            if (slot.Logs)
                slot.MarkChanged(offset, 1UL << (shift - Options.PageShift));
            return;
        }

        ref ulong rmap = ref slot.RmapOf(offset);
        ulong word = Chains.Lock(ref rmap, ref thread) | RmapFormat.Changed;
        Chains.Unlock(ref rmap, Format.KeepsOrder ? RmapFormat.WithChangedShift(word, shift) : word);
    }

    private void RecordReferenced<TThread>(ref TThread thread, ulong gfn)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (FindSlot(gfn) is not { } slot)
            return;
        ref ulong rmap = ref slot.RmapOf(gfn - slot.BaseGfn);
        ulong word = Chains.Lock(ref rmap, ref thread);
        Chains.Unlock(ref rmap, word | RmapFormat.Referenced);
    }

    private HypercallStatus TryLockPresent<TThread>(ref TThread thread, ulong index, out Hpte entry)
        where TThread : struct, IHostThread, allows ref struct
    {
        entry = default;
        if (!GuestClearsBits)
            return HypercallStatus.Function;
        if (!Table.IsEntry(index))
            return HypercallStatus.Parameter;

        entry = Table.Lock(index, ref thread);
        if (entry.IsPresent)
            return HypercallStatus.Success;
        Table.Unlock(index, entry.V);
        return HypercallStatus.NotFound;
    }
}
