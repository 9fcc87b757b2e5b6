using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>H_PAGE_INIT.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>
    /// Zeroes a page of 4 KiB, or copies one. The hypervisor stores past the table, so no C tells of it, and the page is recorded as changed.
    /// KVM does this since 5.2; it works the same in all generations here.
    /// </summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="flags">
    /// Of <see cref="HypercallFlags.PageInitAccepts"/>; without <see cref="HypercallFlags.ZeroPage"/> and <see cref="HypercallFlags.CopyPage"/>
    /// nothing is done.
    /// </param>
    /// <param name="destination">The guest-physical address.</param>
    /// <param name="source">The one to copy from.</param>
    /// <returns>H_PARAMETER: a flag that is not accepted; an address that is not at a page's start, or in no slot.</returns>
    internal HypercallStatus PageInit<TThread>(ref TThread thread, ulong flags, ulong destination, ulong source)
        where TThread : struct, IHostThread, allows ref struct
    {
        bool copies = (flags & HypercallFlags.CopyPage) != 0;
        if ((flags & ~HypercallFlags.PageInitAccepts) != 0
            || (destination & GuestPage.OffsetMask) != 0
            || (copies && (source & GuestPage.OffsetMask) != 0))
        {
            return HypercallStatus.Parameter;
        }

        if (!copies && (flags & HypercallFlags.ZeroPage) == 0)
            return HypercallStatus.Success;
        if (FindMemory(destination >> Options.PageShift) is not { } slot)
            return HypercallStatus.Parameter;

        if (copies)
        {
            if (FindMemory(source >> Options.PageShift) is not { } sourceSlot)
                return HypercallStatus.Parameter;
            Page(sourceSlot, source).CopyTo(Page(slot, destination));
        }
        else
        {
            Page(slot, destination).Clear();
        }

        if (!Has(HashTableDefects.HostWriteUnmarked))
            RecordChanged(ref thread, slot, (destination >> Options.PageShift) - slot.BaseGfn, GuestPage.Shift);
        return HypercallStatus.Success;
    }

    private static Span<byte> Page(HashSlot<TOrdering> slot, ulong address) =>
        slot.Memory.Memory.Slice((nuint)((address - (slot.Memory.BaseGfn << GuestPage.Shift)) & slot.Memory.Fold), GuestPage.Size).AsSpan();
}
