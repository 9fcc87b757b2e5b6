using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Stage2.Machine;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2;

/// <summary>A machine's second stage, as KVM on arm64 keeps it: what it maps, what it has cost, and what the host does to the guest's pages.</summary>
/// <remarks>
/// Thread role: any thread, concurrently with vCPUs, harvests and each other. What the host does reaches whole huge pages where it has them, and the guest's next
/// access finds its bytes again, elsewhere perhaps. See docs/stage2.md.
/// </remarks>
public sealed class Stage2Hv
{
    private readonly Stage2Mmu _mmu;
    private readonly Stage2HvCore<HardwareOrdering> _core;

    internal Stage2Hv(Stage2Mmu mmu)
    {
        _mmu = mmu;
        _core = mmu.Hypervisor;
    }

    /// <summary>How the table was made.</summary>
    public Stage2Options Options => _core.Options;

    /// <summary>The shape of the table.</summary>
    public Stage2Geometry Geometry => _core.Table.Geometry;

    /// <summary>What it has cost so far; exact when no vCPU is in the guest.</summary>
    public Stage2Statistics Statistics => _mmu.Statistics;

    internal Stage2HvCore<HardwareOrdering> Core => _core;

    /// <summary>Counts the mappings of each size: visits the whole table, while faults go on.</summary>
    public Stage2Mappings CountMappings()
    {
        ulong[] byLevel = new ulong[Stage2Geometry.LastLevel + 1];
        Stage2MachineThread thread = _mmu.Here();
        _core.Lock.EnterShared(ref thread);
        try
        {
            _core.Table.Visit((_, level, entry) => byLevel[level] += entry.IsLeafAt(level) ? 1ul : 0);
        }
        finally
        {
            _core.Lock.ExitShared();
        }

        return new Stage2Mappings(byLevel[3], byLevel[2], byLevel[1]);
    }

    /// <summary>The host invalidates a range, as before any change of its own page table: it is unmapped, and faults in again.</summary>
    /// <param name="gfn">The first guest frame; frames outside the slots are passed over.</param>
    /// <param name="count">How many.</param>
    public void Invalidate(ulong gfn, ulong count = 1)
    {
        Stage2MachineThread thread = _mmu.Here();
        foreach (Stage2Slot slot in _core.Slots)
        {
            if (TryOverlap(slot, gfn, count, out ulong first, out ulong end))
                _core.InvalidateRange(ref thread, first, end - first);
        }
    }

    /// <summary>The host clears AF, to see what the guest uses. Nothing is invalidated. The patches of 2014 do not have it.</summary>
    /// <returns>How many mappings had it.</returns>
    /// <inheritdoc cref="Invalidate"/>
    public ulong Age(ulong gfn, ulong count = 1)
    {
        ulong young = 0;
        Stage2MachineThread thread = _mmu.Here();
        foreach (Stage2Slot slot in _core.Slots)
        {
            if (TryOverlap(slot, gfn, count, out ulong first, out ulong end))
                young += _core.Age(ref thread, first, end - first);
        }

        return young;
    }

    /// <summary>The host splits its transparent huge pages; those of 4 KiB stay where they are.</summary>
    /// <inheritdoc cref="Invalidate"/>
    public void SplitHugePages(ulong gfn, ulong count = 1) => Change(gfn, count, HostChange.Split);

    /// <summary>The host makes transparent huge pages where their addresses, and what is there, allow it.</summary>
    /// <inheritdoc cref="Invalidate"/>
    public void CollapseHugePages(ulong gfn, ulong count = 1) => Change(gfn, count, HostChange.Collapse);

    /// <summary>The host moves pages to other physical addresses.</summary>
    /// <inheritdoc cref="Invalidate"/>
    public void Migrate(ulong gfn, ulong count = 1) => Change(gfn, count, HostChange.Migrate);

    /// <summary>The host writes pages out; an access brings them back.</summary>
    /// <inheritdoc cref="Invalidate"/>
    public void Reclaim(ulong gfn, ulong count = 1) => Change(gfn, count, HostChange.Reclaim);

    /// <summary>The host shares pages with others (KSM): a store gets a copy first.</summary>
    /// <inheritdoc cref="Invalidate"/>
    public void Share(ulong gfn, ulong count = 1) => Change(gfn, count, HostChange.Share);

    // Page by page, or huge page by huge page, as the host has them by then.
    private void Change(ulong gfn, ulong count, HostChange change)
    {
        Stage2MachineThread thread = _mmu.Here();
        foreach (Stage2Slot slot in _core.Slots)
        {
            if (!TryOverlap(slot, gfn, count, out ulong address, out ulong end))
                continue;
            while (address < end)
            {
                (ulong first, ulong size) = ExtentOf(address, change);
                _core.ChangeHostPage(ref thread, address, change);
                address = first + size;
            }
        }
    }

    private (ulong First, ulong Size) ExtentOf(ulong address, HostChange change)
    {
        if (change is not (HostChange.Split or HostChange.Collapse) && _core.Host.Find(address) is { } region)
            return region.ExtentAt(address);
        ulong size = change is HostChange.Split or HostChange.Collapse ? Stage2Geometry.SizeAt(2) : GuestPage.Size;
        return (address & ~(size - 1), size);
    }

    private static bool TryOverlap(Stage2Slot slot, ulong gfn, ulong count, out ulong first, out ulong end)
    {
        ulong low = Math.Max(gfn, slot.Memory.BaseGfn), behind = slot.Memory.BaseGfn + slot.Memory.PageCount;
        if (count < behind - Math.Min(gfn, behind))
            behind = gfn + count;
        first = low < behind ? slot.HostAddressOf(low << GuestPage.Shift) : 0;
        end = low < behind ? first + ((behind - low) << GuestPage.Shift) : 0;
        return low < behind;
    }
}
