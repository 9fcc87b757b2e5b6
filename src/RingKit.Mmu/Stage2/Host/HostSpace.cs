using System.Collections.Immutable;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2.Host;

/// <summary>The host process that has a guest's memory: its regions, what page size stands behind each address, and the invalidations that run over it.</summary>
/// <remarks>
/// Thread role: regions are added before faults come; one that is replaced is so between the start and the end of an invalidation of it. The rest by any thread.
/// Source: Linux's mmap regions, host page tables and mmu notifiers, as far as KVM's fault handler looks at them.
/// </remarks>
internal sealed class HostSpace<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    private const ulong FirstPhysicalAddress = 1UL << 32;
    private const ulong PhysicalEnd = 1UL << 48;

    private readonly NativeBlock<ulong> _block = new(1);
    private readonly NativeView<ulong> _changes;
    private readonly List<HostRegion<TOrdering>> _all = [];
    private ImmutableArray<HostRegion<TOrdering>> _regions = [];

    public HostSpace() => _changes = _block.View;

    /// <summary>The invalidations of this process.</summary>
    public InvalidationSequence<TOrdering> Invalidations { get; } = new();

    /// <summary>The regions.</summary>
    public ImmutableArray<HostRegion<TOrdering>> Regions => _regions;

    /// <summary>Adds a region.</summary>
    /// <param name="settings">How it is made.</param>
    /// <exception cref="ArgumentException">It overlaps another one, physically too, or it is not made of whole pages of its size.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It is empty, or leaves the addresses that there are.</exception>
    public HostRegion<TOrdering> Add(HostRegionSettings settings)
    {
        Check(settings);
        foreach (HostRegion<TOrdering> other in _regions)
        {
            if (settings.Address < other.Address + other.Size && other.Address < settings.Address + settings.Size)
                throw new ArgumentException("The region overlaps another one.", nameof(settings));
        }

        HostRegion<TOrdering> region = Make(settings);
        _regions = _regions.Add(region);
        return region;
    }

    /// <summary>Puts another region in the place of one of the same address and size, as munmap and mmap do.</summary>
    /// <param name="settings">How it is made.</param>
    /// <exception cref="ArgumentException">There is no such region, or as for <see cref="Add"/>.</exception>
    public HostRegion<TOrdering> Replace(HostRegionSettings settings)
    {
        Check(settings);
        foreach (HostRegion<TOrdering> old in _regions)
        {
            if (old.Address != settings.Address || old.Size != settings.Size)
                continue;
            HostRegion<TOrdering> region = Make(settings);
            _regions = _regions.Replace(old, region);
            return region;
        }

        throw new ArgumentException("There is no region of this address and size.", nameof(settings));
    }

    /// <summary>The region of an address, or null.</summary>
    public HostRegion<TOrdering>? Find(ulong address)
    {
        foreach (HostRegion<TOrdering> region in _regions)
        {
            if (region.Holds(address))
                return region;
        }

        return null;
    }

    /// <summary>What the host has for an access, brought in if it was not there: get_user_pages.</summary>
    /// <param name="thread">This thread.</param>
    /// <param name="address">Any address; where there is no region the access is refused.</param>
    /// <param name="isWrite">Whether for a store.</param>
    public HostPage FaultIn<TThread>(ref TThread thread, ulong address, bool isWrite)
        where TThread : struct, IStage2HostThread, allows ref struct =>
        Find(address) is { } region ? region.FaultIn(ref thread, address, isWrite) : new HostPage(HostPageState.Refused, 0, false, 0);

    /// <summary>Keeps other changes of host pages away, from the choice of what to invalidate to its end; faults go on.</summary>
    public void EnterChanges<TThread>(ref TThread thread)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        while (TOrdering.CompareExchangeAcquire(ref _changes[0], 1, 0) != 0)                                     // E69
            thread.Relax();
    }

    /// <summary>Lets others change.</summary>
    public void ExitChanges() => TOrdering.StoreRelease(ref _changes[0], 0);                                    // E69

    /// <summary>The address of the process that a physical address belongs to.</summary>
    /// <returns>False if no page was ever there.</returns>
    public bool TryFindAddress(ulong physicalAddress, out ulong address)
    {
        foreach (HostRegion<TOrdering> region in _regions)
        {
            if (!region.TryFindOffset(physicalAddress, out ulong offset))
                continue;
            address = region.Address + offset;
            return true;
        }

        address = 0;
        return false;
    }

    /// <summary>The guest's bytes at a physical address.</summary>
    /// <param name="physicalAddress">Any value.</param>
    /// <param name="memory">Whose bytes.</param>
    /// <param name="offset">Where, in bytes.</param>
    /// <returns>False if there are none.</returns>
    public bool TryFindBytes(ulong physicalAddress, out MemorySlot? memory, out ulong offset)
    {
        foreach (HostRegion<TOrdering> region in _regions)
        {
            if (region.TryFindOffset(physicalAddress, out ulong found) && region.TryFindBytes(region.Address + found, out memory, out offset))
                return true;
        }

        (memory, offset) = (null, 0);
        return false;
    }

    public void Dispose()
    {
        foreach (HostRegion<TOrdering> region in _all)
            region.Dispose();
        Invalidations.Dispose();
        _block.Dispose();
    }

    private static void Check(HostRegionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ulong end = Mapping.HostMapping.AddressEnd;
        if (settings.Size == 0 || settings.Address >= end || settings.Size > end - settings.Address)
            throw new ArgumentOutOfRangeException(nameof(settings), settings, $"A region has at least a page, and ends at or below 0x{end:x}.");
        if (!Enum.IsDefined(settings.Kind))
            throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, $"The kinds are {string.Join(", ", Enum.GetNames<HostRegionKind>())}.");
        ulong unit = settings.Kind switch
        {
            HostRegionKind.HugeTlb2M => Stage2Geometry.SizeAt(2),
            HostRegionKind.HugeTlb1G => Stage2Geometry.SizeAt(1),
            _ => GuestPage.Size,
        };
        if (((settings.Address | settings.Size | settings.PhysicalAddress) & (unit - 1)) != 0)
            throw new ArgumentException($"Address, size and physical address are multiples of 0x{unit:x}.", nameof(settings));
        if (settings.PhysicalAddress >= PhysicalEnd)
            throw new ArgumentOutOfRangeException(nameof(settings), settings.PhysicalAddress, "A physical address is below 2^48.");
    }

    private HostRegion<TOrdering> Make(HostRegionSettings settings)
    {
        ulong stride = HostRegion<TOrdering>.StrideOf(settings), needs = stride * HostRegion<TOrdering>.Places;
        ulong gigabyte = Stage2Geometry.SizeAt(1), end = FirstPhysicalAddress;
        foreach (HostRegion<TOrdering> other in _all)
            end = Math.Max(end, other.PhysicalAddress + (other.Stride * HostRegion<TOrdering>.Places));

        // Congruent, so that whatever the addresses allow the physical ones do.
        ulong chosen = ((end + gigabyte - 1) & ~(gigabyte - 1)) + (settings.Address & (gigabyte - 1));
        ulong physical = settings.PhysicalAddress != 0 ? settings.PhysicalAddress : chosen;
        if (physical >= PhysicalEnd || needs > PhysicalEnd - physical)
            throw new ArgumentOutOfRangeException(nameof(settings), settings, "There is no room for it below 2^48.");
        foreach (HostRegion<TOrdering> other in _all)
        {
            ulong taken = other.Stride * HostRegion<TOrdering>.Places;
            if (physical < other.PhysicalAddress + taken && other.PhysicalAddress < physical + needs)
                throw new ArgumentException("The region overlaps another one physically.", nameof(settings));
        }

        var region = new HostRegion<TOrdering>(settings, physical);
        _all.Add(region);
        return region;
    }
}
