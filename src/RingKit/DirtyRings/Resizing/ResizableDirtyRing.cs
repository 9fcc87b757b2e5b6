using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.DirtyRings.Resizing;

/// <summary>A slot-published dirty ring whose size can change while its vCPU runs.</summary>
/// <remarks>
/// Thread role: the three ends by one thread each at a time, concurrently; <see cref="TryResize"/> by one thread at a time, which may be one of
/// them or another. A resize allocates a second ring. The producer goes over to it at the beginning of its next push, the harvester when
/// it has taken all of the old one, the resetter when it has reset all of it; then the old memory goes back. Entries keep their order across
/// that, and none is lost. <see cref="Dispose"/> when all have ended.
/// </remarks>
public sealed class ResizableDirtyRing : IDisposable
{
    private readonly ResizableCore<HardwareOrdering> _core;

    /// <summary>Makes an empty ring.</summary>
    /// <param name="capacity">Entries: a power of two, at most <see cref="DirtyRing.MaximumCapacity"/>.</param>
    /// <param name="reservedEntries">Entries above the soft limit, from 0 to less than the capacity.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is none of these.</exception>
    public ResizableDirtyRing(int capacity, int reservedEntries = DirtyRing.DefaultReservedEntries) =>
        _core = new ResizableCore<HardwareOrdering>(MakeRing(capacity, reservedEntries));

    /// <summary>How many entries the newest ring has.</summary>
    public int Capacity => (int)_core.Capacity;

    /// <summary>The soft limit of the newest ring.</summary>
    public int SoftLimit => (int)_core.SoftLimit;

    /// <summary>Entries published and not yet reset, in the old ring and the new. May be out of date as soon as it is read.</summary>
    public int Used => (int)_core.Used;

    /// <summary>Whether a party is still in the old ring. A vCPU that never pushes never leaves it.</summary>
    public bool IsResizing => _core.IsResizing;

    /// <summary>The end for the vCPU that dirties pages. One thread at a time.</summary>
    public ResizableProducer Producer => new(_core);

    /// <summary>The end for whoever wants to know them. One thread at a time.</summary>
    public ResizableHarvester Harvester => new(_core);

    /// <summary>The end for whoever owns the page tables. One thread at a time.</summary>
    public ResizableResetter Resetter => new(_core);

    /// <summary>Has the producer go over to a new ring, larger or smaller.</summary>
    /// <param name="capacity">Entries: a power of two, at most <see cref="DirtyRing.MaximumCapacity"/>.</param>
    /// <param name="reservedEntries">Entries above the soft limit, from 0 to less than the capacity.</param>
    /// <returns>False if the resize before is still under way: nothing was done.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is none of these.</exception>
    public bool TryResize(int capacity, int reservedEntries = DirtyRing.DefaultReservedEntries)
    {
        DirtyRing.CheckCapacity(capacity, nameof(capacity));
        DirtyRing.CheckReserve(reservedEntries, capacity);
        if (_core.IsResizing)
            return false;

        _core.Replace(MakeRing(capacity, reservedEntries));
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();

    private static DirtyRingCore<HardwareOrdering> MakeRing(int capacity, int reservedEntries)
    {
        DirtyRing.CheckCapacity(capacity, nameof(capacity));
        DirtyRing.CheckReserve(reservedEntries, capacity);
        using var block = new NativeBlock<DirtyGfn>((nuint)capacity, alignment: (nuint)Environment.SystemPageSize);
        return new DirtyRingCore<HardwareOrdering>(block.View, (uint)reservedEntries);
    }
}
