using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Images;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>KVM_PPC_GET_HTAB_FD: a table that comes from elsewhere, and one that goes there.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>
    /// Makes an image the guest's table, as KVM does with what is written to the descriptor: in the order of indices, an entry that is in the way is removed, and
    /// then the image's entered by H_ENTER. So each gets the host's address, its place in a chain, and absent words where the host has no page or no slot holds it.
    /// </summary>
    /// <param name="thread">The thread that this runs on.</param>
    /// <param name="image">Entries as the guest knows them. Nobody writes it meanwhile.</param>
    /// <param name="keepsChanged">
    /// Whether R and C of the image are in the table afterwards, as if the processors had set them there. KVM has them in the guest's view alone.
    /// </param>
    /// <param name="vcpusRun">Whether any vCPU is in the guest or on its way out of it. The caller keeps them out, and harvests, until this returns.</param>
    /// <returns>
    /// <see cref="Errno.Busy"/>: a vCPU runs; <see cref="Errno.Invalid"/>: the image is of another order, or an entry of no page size;
    /// <see cref="Errno.InputOutput"/>: an entry that H_ENTER refuses. Nothing is changed then; KVM by contrast keeps the entries before the one that it refuses.
    /// </returns>
    internal LoadAnswer LoadTable<TThread>(ref TThread thread, HashedPageTable image, bool keepsChanged, bool vcpusRun)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (vcpusRun)
            return Errno.Busy;
        if (image.Order != Table.Geometry.Order)
            return Errno.Invalid;

        for (ulong index = 0; index < image.EntryCount; index++)
        {
            if (image[index] is { IsPresent: true } entry && Judge(entry) is not Errno.None and var error)
                return new LoadAnswer(error, Refused: index);
        }

        ulong entries = 0;
        for (ulong index = 0; index < image.EntryCount; index++)
        {
            if ((Table.LoadState(index) & (Present | HpteV.HvLock)) != 0)
                Remove(ref thread, flags: 0, index, avpn: 0);
            if (image[index] is not { IsPresent: true } entry)
                continue;
            if (Enter(ref thread, HypercallFlags.Exact, index, entry.V, entry.R).Status != HypercallStatus.Success)
                return new LoadAnswer(Errno.InputOutput, entries, index);             // The host's page has become a device's since it was judged.
            if (keepsChanged)
                SetAsLoaded(ref thread, index, entry);
            entries++;
        }

        return new LoadAnswer(Errno.None, entries);
    }

    /// <summary>
    /// The table as the guest knows it, as KVM gives it to who reads the descriptor: R is the guest's own word, with what the processors have set meanwhile; absent
    /// entries are valid ones. C in the table stays for the dirty log. No entry counts as modified any more.
    /// </summary>
    /// <param name="thread">The thread that this runs on.</param>
    internal HashedPageTable SaveTable<TThread>(ref TThread thread)
        where TThread : struct, IHostThread, allows ref struct
    {
        var image = new HashedPageTable(Table.Geometry.Order);
        for (ulong index = 0; index < image.EntryCount; index++)
        {
            if ((Table.LoadState(index) & (Present | HpteV.HvLock)) == 0)
                continue;

            Hpte entry = Table.Lock(index, ref thread);
            ulong guestR = Chains.LoadGuestR(index) & ~HpteR.Modified;
            if (entry.IsValid)
                guestR |= entry.R & HpteR.ReferencedChanged;
            Chains.StoreGuestR(index, guestR);
            Table.Unlock(index, entry.V);
            if (entry.IsPresent)
                image[index] = new Hpte(ShownV(entry.V), guestR);
        }

        return image;
    }

    // What stands in the way of an entry, but another one.
    private Errno Judge(Hpte entry)
    {
        if (entry.PageSize is not { } size)
            return Errno.Invalid;

        ulong gfn = size.Gfn(entry.R, Options.PageShift);
        return FindMemory(gfn) is { } slot && !TryMapHostPage(slot, gfn, size, ref entry) ? Errno.InputOutput : Errno.None;
    }

    private void SetAsLoaded<TThread>(ref TThread thread, ulong index, Hpte image)
        where TThread : struct, IHostThread, allows ref struct
    {
        Hpte entry = Table.Lock(index, ref thread);
        if (entry.IsValid)
        {
            Table.SetByHardware(index, image.R & HpteR.ReferencedChanged);
            if (image.IsChanged)
            {
                HptePageSize size = image.PageSize!.Value;
                ulong gfn = size.Gfn(image.R, Options.PageShift);
                if (FindSlot(gfn) is { } slot)
                    RecordWrite(slot, gfn - slot.BaseGfn, size);
            }
        }

        Table.Unlock(index, entry.V);
    }
}
