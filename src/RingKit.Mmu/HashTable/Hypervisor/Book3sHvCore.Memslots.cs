using RingKit.Memory;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>Memory slots that go and come again, and what vCPUs remember of addresses where there is no memory.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    private readonly NativeView<ulong> _mmioGeneration = new NativeBlock<ulong>(1).View;

    /// <summary>
    /// Counts what may make an entry of a device another one, from 1 on: KVM's mmio_update. Who keeps such an entry reads this before he looks it up; if it has
    /// changed since, he looks again (E70).
    /// </summary>
    internal ulong MmioGeneration => TOrdering.LoadAcquire(ref _mmioGeneration[0]) + 1;   // E70

    /// <summary>Counts one. The entry, the slot or the table is another one already.</summary>
    internal void CountMmioUpdate()
    {
        ulong seen = TOrdering.LoadRelaxed(ref _mmioGeneration[0]);
        while (true)
        {
            ulong found = TOrdering.CompareExchangeRelease(ref _mmioGeneration[0], seen + 1, seen);   // E70
            if (found == seen)
                return;
            seen = found;
        }
    }

    /// <summary>The slot whose memory is at a frame, or null: a slot that was taken away has none.</summary>
    internal HashSlot<TOrdering>? FindMemory(ulong gfn) => FindSlot(gfn) is { IsSet: true } slot ? slot : null;

    /// <summary>
    /// KVM_SET_USER_MEMORY_REGION of no size, or of its own: takes a slot from the guest, or gives it back. One thread at a time, no harvest meanwhile.
    /// </summary>
    /// <param name="thread">Any thread that holds no lock of an entry.</param>
    /// <param name="slotId">One of the slots.</param>
    /// <param name="isSet">Whether there is memory.</param>
    /// <returns><see cref="Errno.Invalid"/>: no such slot, or one that is taken away is gone already.</returns>
    /// <remarks>
    /// The entries of a slot that goes become absent, R and C of its pages and its dirty bitmap are forgotten. The next accesses are a device's, until it is back.
    /// </remarks>
    internal Errno SetSlot<TThread>(ref TThread thread, uint slotId, bool isSet)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (FindSlotById(slotId) is not { } slot || (!isSet && !slot.IsSet))
            return Errno.Invalid;

        if (isSet)
        {
            slot.IsSet = true;
            CountMmioUpdate();
            return Errno.None;
        }

        HideSlot(slot);
        UnmapSlot(ref thread, slot);
        slot.Changed.Forget();
        return Errno.None;
    }

    /// <summary>Takes a slot from faults and hypercalls. Its entries stay until <see cref="UnmapSlot"/>.</summary>
    internal void HideSlot(HashSlot<TOrdering> slot)
    {
        // As when the host takes pages: who found the slot before is seen by the count, or his entry when they are unmapped.
        slot.IsSet = false;
        CountInvalidation();
    }

    /// <summary>Makes a slot's entries absent; C of them is in its dirty bitmap if it is logged.</summary>
    internal void UnmapSlot<TThread>(ref TThread thread, HashSlot<TOrdering> slot)
        where TThread : struct, IHostThread, allows ref struct
    {
        for (ulong offset = 0; offset < slot.PageCount; offset++)
        {
            UnmapChain(ref thread, slot, offset);
            ref ulong rmap = ref slot.RmapOf(offset);
            Chains.Lock(ref rmap, ref thread);
            Chains.Unlock(ref rmap, 0);
        }
    }

    // An entry that H_ENTER has made for a page of no slot.
    private static bool IsMmio(Hpte entry) => entry.IsAbsent && (entry.R & HpteR.Key) == HpteR.Key;
}
