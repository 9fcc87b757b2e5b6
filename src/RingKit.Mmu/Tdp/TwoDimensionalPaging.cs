using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp.Hypervisor;
using RingKit.Mmu.Tdp.Machine;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp;

/// <summary>The second level of a machine's page tables as KVM keeps it on x86: what its owner may do to it besides logging.</summary>
/// <remarks>Thread role: any thread, while vCPUs run.</remarks>
public sealed class TwoDimensionalPaging
{
    private readonly VirtualMachine _machine;
    private readonly TdpMmu _mmu;

    // Changes of slots, attributes and what is behind them one after the other: KVM's slots_lock.
    private readonly Lock _slotsLock = new();

    internal TwoDimensionalPaging(VirtualMachine machine, TdpMmu mmu)
    {
        _machine = machine;
        _mmu = mmu;
    }

    /// <summary>How it was made.</summary>
    public TdpOptions Options => Core.Options;

    /// <summary>What the choice of levels looks at. To be read while no vCPU runs and nothing is changed.</summary>
    public MappingSpace Space => Core.Space;

    /// <summary>Counters. What vCPUs count may be a moment behind.</summary>
    public TdpStatistics Statistics
    {
        get
        {
            TdpLogCounts log = Core.Counts;
            TdpFaultCounts[] faults = [.. Enumerable.Range(0, _machine.VcpuCount).Select(_mmu.CountsOf)];
            return new TdpStatistics(
                Sum(faults, one => one.FixedUp),
                Sum(faults, one => one.Spurious),
                Sum(faults, one => one.Mapped),
                Sum(faults, one => one.Splits),
                log.EagerSplits,
                Sum(faults, one => one.Retries),
                Sum(faults, one => one.MemoryFaults),
                Sum(faults, one => one.FullLogs),
                Sum(faults, one => one.Drained),
                log.Protected,
                log.Zapped,
                log.Recovered,
                log.Flushes);
        }
    }

    internal TdpHvCore<HardwareOrdering> Core => _mmu.Hypervisor;

    /// <summary>Counts the mappings of each size. It visits all of them.</summary>
    public TdpMappings CountMappings()
    {
        TdpThread thread = ThisThread;
        Core.Lock.Enter(ref thread);
        try
        {
            return Core.CountMappings(0, TdpGeometry.FrameEnd);
        }
        finally
        {
            Core.Lock.Exit();
        }
    }

    /// <summary>Makes frames private or shared; mappings of the other kind go. Linux: <c>KVM_SET_MEMORY_ATTRIBUTES</c>.</summary>
    /// <inheritdoc cref="MappingSpace.SetMemoryAttributes"/>
    public Errno SetMemoryAttributes(ulong address, ulong size, ulong attributes, ulong flags = 0)
    {
        using (new VcpuSafeScope(_slotsLock, _machine))
        {
            TdpThread thread = ThisThread;
            return Core.SetMemoryAttributes(ref thread, address, size, attributes, flags);
        }
    }

    /// <summary>Makes the host map a part of a slot by pages of a level where they fit, and by smaller ones at both ends. What was mapped there goes, and faults again.</summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <param name="offset">The first page, by its index in the slot.</param>
    /// <param name="pages">How many pages: at least 1, within the slot.</param>
    /// <param name="level">4K, 2M or 1G.</param>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the slot, or the level is none of these.</exception>
    public void SetHostLevel(MemorySlot slot, ulong offset, ulong pages, MappingLevel level)
    {
        TdpSlot<HardwareOrdering> target = CheckRange(slot, offset, pages);
        MappingLevels.Check(level);
        using (new VcpuSafeScope(_slotsLock, _machine))
        {
            TdpThread thread = ThisThread;
            Core.SetHostLevel(ref thread, target, offset, pages, level);
        }
    }

    /// <summary>Makes a part of a slot's guest_memfd file consist of pages of an order. What was mapped there goes, and faults again.</summary>
    /// <param name="slot">A slot of the machine with such a file.</param>
    /// <param name="offset">The first page, by its index in the slot.</param>
    /// <param name="pages">How many pages: at least 1, within the slot.</param>
    /// <param name="order">0 to <see cref="GuestMemfd.MaximumOrder"/>; the range is made of whole pages of it in the file.</param>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's or has no file, or the range is not made of whole pages of the order.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the slot, or the order is out of range.</exception>
    public void SetOrder(MemorySlot slot, ulong offset, ulong pages, int order)
    {
        TdpSlot<HardwareOrdering> target = CheckRange(slot, offset, pages);
        if (target.Gmem is null)
            throw new ArgumentException($"Slot {slot.Id} has no guest_memfd file.", nameof(slot));
        if (order is < 0 or > GuestMemfd.MaximumOrder)
            throw new ArgumentOutOfRangeException(nameof(order), order, $"The order is from 0 to {GuestMemfd.MaximumOrder}.");
        ulong mask = (1UL << order) - 1, first = (target.Region.GmemOffset >> GuestPage.Shift) + offset;
        if (((first | pages) & mask) != 0)
            throw new ArgumentException($"Pages of order {order} are multiples of {mask + 1} pages, and so is where they begin in the file.", nameof(offset));
        using (new VcpuSafeScope(_slotsLock, _machine))
        {
            TdpThread thread = ThisThread;
            Core.SetOrder(ref thread, target, offset, pages, order);
        }
    }

    /// <summary>Whether KVM, or RingKit's extension if the options have it, logs a slot.</summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <returns><see cref="Errno.Invalid"/> for a slot of guest_memfd without the extension.</returns>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    public Errno CanLog(MemorySlot slot) => Core.CanLog(CheckRange(slot, 0, 1));

    private TdpThread ThisThread => new(_machine, _machine.CurrentVcpu);

    private TdpSlot<HardwareOrdering> CheckRange(MemorySlot slot, ulong offset, ulong pages)
    {
        ArgumentNullException.ThrowIfNull(slot);
        if (_machine.Memory.FindById(slot.Id) != slot)
            throw new ArgumentException("The slot is not the machine's.", nameof(slot));
        if (offset >= slot.PageCount)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"The slot has {slot.PageCount} pages.");
        if (pages == 0 || pages > slot.PageCount - offset)
            throw new ArgumentOutOfRangeException(nameof(pages), pages, $"There are from 1 to {slot.PageCount - offset} pages from there on.");
        return Core.Slots[slot.Ordinal];
    }

    private static ulong Sum(TdpFaultCounts[] counts, Func<TdpFaultCounts, ulong> which) => counts.Aggregate(0UL, (sum, one) => sum + which(one));
}
