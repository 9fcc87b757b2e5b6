using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Mmu.Stage2.Host;

/// <summary>What the host does to its pages. Each change is made between the start and the end of an invalidation of what it touches.</summary>
internal sealed partial class HostRegion<TOrdering>
{
    /// <summary>The addresses that a change of an address touches: a huge page where there is one.</summary>
    public (ulong Address, ulong Size) ExtentAt(ulong address)
    {
        bool isHuge = Kind != HostRegionKind.PfnMapped && !Load(ref HugeOf(address)).IsTable;
        return isHuge ? HugeExtentAt(address) : (address & ~(ulong)GuestPage.OffsetMask, GuestPage.Size);
    }

    /// <summary>The addresses of the huge page that holds an address, or would.</summary>
    public (ulong Address, ulong Size) HugeExtentAt(ulong address)
    {
        ulong first = address & ~((1UL << _hugeShift) - 1), end = first + (1UL << _hugeShift);
        first = Math.Max(first, Address);
        return (first, Math.Min(end, Address + Size) - first);
    }

    /// <summary>Pages of 4 KiB take the place of a transparent huge page; they stay where they are.</summary>
    public void Split<TThread>(ref TThread thread, ulong address)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Lock(ref thread);
        SplitLocked(address);
        Unlock();
    }

    /// <summary>A transparent huge page takes the place of pages of 4 KiB, at another physical address, as khugepaged does.</summary>
    /// <returns>Whether one may be there, and a page of it was.</returns>
    public bool Collapse<TThread>(ref TThread thread, ulong address)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        if (Kind != HostRegionKind.Anonymous || !AllowsHuge(address, _hugeShift))
            return false;

        Lock(ref thread);
        ref ulong huge = ref HugeOf(address);
        ulong first = address & ~((1UL << _hugeShift) - 1);
        bool may = Load(ref huge).IsTable && IsMovable(first);
        if (may)
        {
            ulong target = NextPlace(Load(ref PageOf(first)) is { IsFresh: false } entry ? entry.Address : ScatteredPlaceOf(first));
            for (ulong at = first; at < first + (1UL << _hugeShift); at += GuestPage.Size)
                Store(ref PageOf(at), default);
            Store(ref huge, HostEntry.Page(target, IsWritable));
        }

        Unlock();
        return may;
    }

    /// <summary>A page, huge or not, moves to another physical address, with what is in it.</summary>
    public void Migrate<TThread>(ref TThread thread, ulong address)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Lock(ref thread);
        ref ulong word = ref EntryOf(address);
        HostEntry entry = Load(ref word);
        if (entry.IsPresent)
            Store(ref word, entry.At(NextPlace(entry.Address)));
        Unlock();
    }

    /// <summary>A page is written out and taken away. It comes back elsewhere when somebody asks for it.</summary>
    public void Reclaim<TThread>(ref TThread thread, ulong address)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Lock(ref thread);
        ref ulong word = ref EntryOf(address);
        Store(ref word, Load(ref word).Gone);
        Unlock();
    }

    /// <summary>A page becomes read-only until a store: shared by fork, or by KSM, which splits a huge page first.</summary>
    public void Share<TThread>(ref TThread thread, ulong address)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Lock(ref thread);
        ref ulong word = ref EntryOf(address);
        Store(ref word, Load(ref word).ReadOnly);
        Unlock();
    }

    /// <summary>A store gets a page of its own: the shared one is copied, as 4 KiB of a huge page.</summary>
    public void Copy<TThread>(ref TThread thread, ulong address)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Lock(ref thread);
        SplitLocked(address);
        ref ulong word = ref EntryOf(address);
        HostEntry entry = Load(ref word);
        if (entry.IsPresent && !entry.IsWritable)
            Store(ref word, HostEntry.Page(NextPlace(entry.Address), isWritable: true));
        Unlock();
    }

    /// <summary>The memory of a page breaks: 4 KiB of a transparent huge page, or one of hugetlbfs as a whole.</summary>
    public void Poison<TThread>(ref TThread thread, ulong address)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Lock(ref thread);
        SplitLocked(address);
        ref ulong word = ref EntryOf(address);
        Store(ref word, Load(ref word).Poisoned);
        Unlock();
    }

    private void SplitLocked(ulong address)
    {
        ref ulong huge = ref HugeOf(address);
        HostEntry entry = Load(ref huge);
        if (Kind != HostRegionKind.Anonymous || entry.IsTable || entry.IsFresh)
            return;

        ulong first = address & ~((1UL << _hugeShift) - 1);
        for (ulong offset = 0; offset < 1UL << _hugeShift; offset += GuestPage.Size)
            Store(ref PageOf(first + offset), entry.At(entry.Address + offset));
        Store(ref huge, HostEntry.Table);
    }

    // khugepaged leaves alone what holds a broken page or a shared one.
    private bool IsMovable(ulong first)
    {
        bool hasPage = false;
        for (ulong at = first; at < first + (1UL << _hugeShift); at += GuestPage.Size)
        {
            HostEntry entry = Load(ref PageOf(at));
            if (entry.IsPoisoned || (entry.IsPresent && IsWritable && !entry.IsWritable))
                return false;
            hasPage |= entry.IsPresent;
        }

        return hasPage;
    }

    private ref ulong EntryOf(ulong address)
    {
        ref ulong huge = ref HugeOf(address);
        return ref Load(ref huge).IsTable ? ref PageOf(address) : ref huge;
    }
}
