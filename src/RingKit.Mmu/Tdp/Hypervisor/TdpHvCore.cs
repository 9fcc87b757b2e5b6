using System.Collections.Immutable;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.PageTables;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>KVM on x86 as far as it maps memory by its TDP MMU: slots, levels, faults, attributes, and what dirty logs need.</summary>
/// <remarks>
/// Thread role: faults by vCPUs, concurrently with each other and all else; the rest by one thread at a time, which has the machine's slots lock. Slots are fixed, their
/// flags, the frames' attributes and the levels behind them are not: those change under <see cref="Lock"/>, alone.
/// </remarks>
internal sealed partial class TdpHvCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    /// <summary>A machine's second level, empty.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="options">How it is made.</param>
    /// <exception cref="ArgumentException">A slot cannot be made so: KVM would refuse it.</exception>
    public TdpHvCore(GuestMemory memory, TdpOptions options)
    {
        TdpOptions.Check(options, memory);
        Options = options;
        Space = new MappingSpace(options.Mapping);
        Slots = [.. memory.Slots.Select(MakeSlot)];
        Table = new TdpTable<TOrdering>(options.MaximumTables != 0 ? options.MaximumTables : TablesFor(memory), options.HasAccessDirty, options.Defects);
        foreach (TdpSlot<TOrdering> slot in Slots)
            Frames.Add(slot);
    }

    /// <summary>How it is made.</summary>
    public TdpOptions Options { get; }

    /// <summary>What the choice of levels looks at.</summary>
    public MappingSpace Space { get; }

    /// <summary>The memory slots.</summary>
    public ImmutableArray<TdpSlot<TOrdering>> Slots { get; }

    /// <summary>The host's frames.</summary>
    public TdpFrames<TOrdering> Frames { get; } = new();

    /// <summary>The page table.</summary>
    public TdpTable<TOrdering> Table { get; }

    /// <summary>Shared by faults; alone for all that changes a range or what levels depend on. Linux: <c>mmu_lock</c>.</summary>
    public MmuLock<TOrdering> Lock { get; } = new();

    /// <summary>Ranges of guest frames that lose what is behind them.</summary>
    public InvalidationSequence<TOrdering> Invalidations { get; } = new();

    /// <summary>What logging cost.</summary>
    public TdpLogCounts Counts { get; } = new();

    /// <summary>The slot of a guest frame, or null.</summary>
    public TdpSlot<TOrdering>? FindSlot(ulong gfn)
    {
        foreach (TdpSlot<TOrdering> slot in Slots)
        {
            if (slot.Holds(gfn))
                return slot;
        }

        return null;
    }

    /// <summary>What a vCPU's faults need; the caller disposes it.</summary>
    public TdpVcpuState<TOrdering> CreateVcpuState() => new(Table.Pool);

    /// <summary>Counts the mappings of each size that begin in a range. Under the lock, alone: it visits all.</summary>
    public TdpMappings CountMappings(ulong first, ulong end)
    {
        var mappings = default(TdpMappings);
        Table.Visit((gfn, level, spte) =>
        {
            if (spte.IsLeafAt(level) && gfn >= first && gfn < end)
            {
                mappings = level switch
                {
                    1 => mappings with { Of4K = mappings.Of4K + 1 },
                    2 => mappings with { Of2M = mappings.Of2M + 1 },
                    _ => mappings with { Of1G = mappings.Of1G + 1 },
                };
            }
        });
        return mappings;
    }

    public void Dispose()
    {
        Table.Dispose();
        Frames.Dispose();
        Lock.Dispose();
    }

    private TdpSlot<TOrdering> MakeSlot(MemorySlot memory)
    {
        TdpSlotOptions options = Options.Slots.FirstOrDefault(slot => slot.SlotId == memory.Id) ?? new TdpSlotOptions { SlotId = memory.Id };
        ulong size = memory.PageCount << GuestPage.Shift;
        ulong address = options.UserspaceAddress ?? DefaultAddress(memory);
        GuestMemfd? file = null;
        if (options.Gmem is { } flags)
        {
            ulong pages = options.GmemFirstPage + memory.PageCount;
            Require(Space.CreateGuestMemfd(pages << GuestPage.Shift, flags, out file), memory, "guest_memfd file");
            ulong whole = pages & ~((1UL << options.GmemOrder) - 1);
            if (whole != 0)
                file!.SetOrder(0, whole, options.GmemOrder);
        }

        var region = new UserMemoryRegion(
            memory.Id,
            memory.BaseGfn << GuestPage.Shift,
            size,
            address,
            (options.IsReadOnly ? MappingSlotTraits.ReadOnly : MappingSlotTraits.None) | (file is null ? MappingSlotTraits.None : MappingSlotTraits.GuestMemfd),
            file,
            options.GmemFirstPage << GuestPage.Shift);
        Require(Space.SetUserMemoryRegion(region), memory, "memory region");
        MapHost(Space.Host, address, size, options.HostLevel ?? Options.HostLevel);
        return new TdpSlot<TOrdering>(memory, region);
    }

    private static void Require(Errno error, MemorySlot memory, string what)
    {
        if (error != Errno.None)
            throw new ArgumentException($"KVM would refuse the {what} of slot {memory.Id}: {error}.", nameof(memory));
    }

    // Slots one behind the other, 1G apart and more, each with its guest frames' offset within 1G.
    private ulong DefaultAddress(MemorySlot memory)
    {
        const ulong Gigabyte = 1UL << 30;
        ulong end = Space.Slots.Select(slot => slot.UserspaceAddress + (slot.PageCount << GuestPage.Shift)).DefaultIfEmpty(Gigabyte).Max();
        ulong start = (end + (2 * Gigabyte) - 1) & ~(Gigabyte - 1);
        return start + ((memory.BaseGfn << GuestPage.Shift) & (Gigabyte - 1));
    }

    // By pages of a level as far as they fit, and by smaller ones at both ends.
    internal static void MapHost(HostMapping host, ulong address, ulong size, MappingLevel level)
    {
        ulong end = address + size;
        for (MappingLevel now = MappingLevel.Size4K; now <= level; now++)
        {
            ulong bytes = MappingLevels.Pages(now) << GuestPage.Shift;
            ulong first = (address + bytes - 1) & ~(bytes - 1), last = end & ~(bytes - 1);
            if (first < last)
                host.Map(first, last - first, now);
        }
    }

    // As many as all slots in 4K pages can need, with one more at each end, and what vCPUs and splits hold ready.
    private static int TablesFor(GuestMemory memory)
    {
        ulong tables = 16384;
        foreach (MemorySlot slot in memory.Slots)
        {
            for (int level = 2; level <= TdpGeometry.RootLevel; level++)
                tables += (slot.PageCount / TdpGeometry.PagesAt(level)) + 2;
        }

        return (int)Math.Min(tables, (ulong)TablePool<TOrdering>.MostTables);
    }
}
