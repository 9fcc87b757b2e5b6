using System.Diagnostics;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2.Host;

/// <summary>A region of the host process, with the part of the host's page table that is behind it.</summary>
/// <remarks>
/// Physical addresses are numbers. A region has four places for each page, and a page that moves takes the next of them: so an address tells whose page it is,
/// and one that is out of date is not that of another page. Pages of 4 KiB that come in by themselves are scattered over the places, so that no run of them is a
/// huge page by chance. Thread role: any thread looks; changes are made under the region's lock, one after the other, by any thread.
/// </remarks>
internal sealed unsafe partial class HostRegion<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    /// <summary>How many places a page can be at.</summary>
    public const int Places = 4;

    // Invariant: as many words as the region has huge pages, whole or in part, and pages, and one of the lock; kept by the leases until Dispose.
    private readonly ulong* _huge;
    private readonly ulong* _pages;
    private readonly NativeLease _hugeLease;
    private readonly NativeLease _pagesLease;
    private readonly NativeLease _lockLease;
    private readonly ulong* _lock;
    private readonly HostRegionSettings _settings;
    private readonly int _hugeShift;

    internal HostRegion(HostRegionSettings settings, ulong physicalAddress)
    {
        _settings = settings;
        PhysicalAddress = physicalAddress;
        _hugeShift = settings.Kind == HostRegionKind.HugeTlb1G ? Stage2Geometry.ShiftAt(1) : Stage2Geometry.ShiftAt(2);
        ulong last = settings.Address + settings.Size - 1;
        nuint huge = (nuint)((last >> _hugeShift) - (settings.Address >> _hugeShift) + 1);
        nuint pages = settings.Kind == HostRegionKind.Anonymous ? (nuint)(settings.Size >> GuestPage.Shift) : 0;
        _hugeLease = NativeLease.Allocate(huge, CacheLine.Separation, out NativeView<ulong> hugeView);
        _pagesLease = NativeLease.Allocate(pages, CacheLine.Separation, out NativeView<ulong> pagesView);
        _lockLease = NativeLease.Allocate(1, CacheLine.Separation, out NativeView<ulong> lockView);
        _lock = lockView.DangerousPointer;
        _huge = hugeView.DangerousPointer;
        _pages = pagesView.DangerousPointer;
    }

    /// <summary>The first address.</summary>
    public ulong Address => _settings.Address;

    /// <summary>In bytes.</summary>
    public ulong Size => _settings.Size;

    /// <summary>What stands behind it.</summary>
    public HostRegionKind Kind => _settings.Kind;

    /// <summary>Whether the process may write.</summary>
    public bool IsWritable => _settings.IsWritable;

    /// <summary>Whether it is normal, cacheable memory.</summary>
    public bool IsCacheable => Kind != HostRegionKind.PfnMapped || _settings.IsCacheable;

    /// <summary>The physical address of the first byte, at the first place.</summary>
    public ulong PhysicalAddress { get; }

    /// <summary>From a place to the next, in bytes.</summary>
    public ulong Stride => StrideOf(_settings);

    /// <summary>Whether an address is the region's.</summary>
    public bool Holds(ulong address) => address - Address < Size;

    /// <summary>The size that the region by itself maps an address with, as a shift: of hugetlbfs its pages, of a driver's what its addresses allow.</summary>
    public int ShiftAt(ulong address) => Kind switch
    {
        HostRegionKind.HugeTlb2M => Stage2Geometry.ShiftAt(2),
        HostRegionKind.HugeTlb1G => Stage2Geometry.ShiftAt(1),
        HostRegionKind.PfnMapped when AllowsHuge(address, Stage2Geometry.ShiftAt(1)) => Stage2Geometry.ShiftAt(1),
        HostRegionKind.PfnMapped when AllowsHuge(address, Stage2Geometry.ShiftAt(2)) => Stage2Geometry.ShiftAt(2),
        _ => GuestPage.Shift,
    };

    /// <summary>What the host has behind an address now.</summary>
    /// <param name="address">An address of the region.</param>
    /// <param name="isWrite">Whether for a store.</param>
    public HostPage Look(ulong address, bool isWrite)
    {
        if (isWrite && !IsWritable)
            return new HostPage(HostPageState.Refused, 0, false, 0);
        if (Kind == HostRegionKind.PfnMapped)
            return new HostPage(HostPageState.Found, PhysicalAddress + PageOffset(address), IsWritable, ShiftAt(address), IsDriver: true);

        HostEntry entry = Load(ref HugeOf(address));
        int shift = _hugeShift;
        if (entry.IsTable)
        {
            entry = Load(ref PageOf(address));
            shift = GuestPage.Shift;
        }

        if (!entry.IsPresent)
            return new HostPage(HostPageState.Absent, 0, false, shift);
        ulong page = entry.Address + (address & ((1UL << shift) - 1) & ~GuestPage.OffsetMask);
        HostPageState state = entry.IsPoisoned ? HostPageState.Poisoned
            : isWrite && !entry.IsWritable ? HostPageState.NeedsCopy
            : HostPageState.Found;
        return new HostPage(state, page, entry.IsWritable, shift);
    }

    /// <summary>The same, after it has brought in what was not there. That invalidates nothing.</summary>
    /// <inheritdoc cref="Look"/>
    public HostPage FaultIn<TThread>(ref TThread thread, ulong address, bool isWrite)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        while (true)
        {
            HostPage page = Look(address, isWrite);
            if (page.State != HostPageState.Absent)
                return page;
            BringIn(ref thread, address);
        }
    }

    /// <summary>The offset in the region of a physical address, if it is at one of the places.</summary>
    public bool TryFindOffset(ulong physicalAddress, out ulong offset)
    {
        offset = physicalAddress - PhysicalAddress;
        if (offset >= Stride * (Kind == HostRegionKind.PfnMapped ? 1UL : Places))
            return false;
        offset %= Stride;
        return offset < Size;
    }

    /// <summary>The guest's bytes behind an address of the region.</summary>
    public bool TryFindBytes(ulong address, out MemorySlot? memory, out ulong offset)
    {
        memory = _settings.Memory;
        offset = address - (_settings.MemoryAddress ?? Address);
        return memory is not null && offset < memory.PageCount << GuestPage.Shift;
    }

    public void Dispose()
    {
        _hugeLease.Dispose();
        _pagesLease.Dispose();
        _lockLease.Dispose();
    }

    /// <summary>From a place to the next: whole gigabytes, so that all places are as congruent to the addresses as the first.</summary>
    internal static ulong StrideOf(HostRegionSettings settings)
    {
        ulong gigabyte = Stage2Geometry.SizeAt(1);
        return (settings.Size + gigabyte - 1) & ~(gigabyte - 1);
    }

    private void BringIn<TThread>(ref TThread thread, ulong address)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Lock(ref thread);
        ref ulong huge = ref HugeOf(address);
        HostEntry entry = Load(ref huge);
        if (!entry.IsTable)
        {
            if (!entry.IsPresent)
                Store(ref huge, MakeHuge(address, entry));
        }
        else
        {
            ref ulong page = ref PageOf(address);
            entry = Load(ref page);
            if (!entry.IsPresent)
                Store(ref page, HostEntry.Page(entry.IsFresh ? ScatteredPlaceOf(address) : NextPlace(entry.Address), IsWritable));
        }

        Unlock();
    }

    private HostEntry MakeHuge(ulong address, HostEntry before)
    {
        if (Kind == HostRegionKind.Anonymous && (!_settings.HasHugePages || !AllowsHuge(address, _hugeShift)))
            return HostEntry.Table;
        ulong offset = (address & ~((1UL << _hugeShift) - 1)) - Address;
        return HostEntry.Page(before.IsFresh ? PhysicalAddress + offset : NextPlace(before.Address), IsWritable);
    }

    // Congruent, and within the region.
    private bool AllowsHuge(ulong address, int shift)
    {
        ulong size = 1UL << shift, first = address & ~(size - 1);
        return ((PhysicalAddress ^ Address) & (size - 1)) == 0 && first >= Address && first - Address + size <= Size;
    }

    private ulong NextPlace(ulong physicalAddress)
    {
        ulong from = physicalAddress - PhysicalAddress, place = (from / Stride) + 1;
        return PhysicalAddress + (from % Stride) + (place % Places * Stride);
    }

    private ulong ScatteredPlaceOf(ulong address)
    {
        ulong offset = PageOffset(address);
        return PhysicalAddress + offset + ((1 + ((offset >> GuestPage.Shift) % (Places - 1))) * Stride);
    }

    private ulong PageOffset(ulong address) => (address & ~GuestPage.OffsetMask) - Address;

    private ref ulong HugeOf(ulong address)
    {
        Debug.Assert(Holds(address), "The address is not the region's.");
        return ref _huge[(address >> _hugeShift) - (Address >> _hugeShift)];
    }

    private ref ulong PageOf(ulong address) => ref _pages[(address - Address) >> GuestPage.Shift];

    // An entry is a word by itself. Who finds an old one is told by the invalidation sequence (E68).
    private static HostEntry Load(ref ulong entry) => new(TOrdering.LoadRelaxed(ref entry));

    private static void Store(ref ulong entry, HostEntry value) => TOrdering.StoreRelaxed(ref entry, value.Raw);

    private void Lock<TThread>(ref TThread thread)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        while (TOrdering.CompareExchangeAcquire(ref *_lock, 1, 0) != 0)                                         // E69
            thread.Relax();
    }

    private void Unlock() => TOrdering.StoreRelease(ref *_lock, 0);                                           // E69
}
