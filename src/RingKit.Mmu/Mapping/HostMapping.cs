using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Mapping;

/// <summary>How large the host maps each part of the process that holds the guest: what KVM finds in the host's page tables.</summary>
/// <remarks>
/// Thread role: one thread at a time. In KVM the answer moves under its reader: it holds only under mmu_lock, after no invalidation was found
/// to be under way. Linux: <c>host_pfn_mapping_level</c>.
/// </remarks>
public sealed class HostMapping
{
    /// <summary>2^47: where the addresses of an x86 process with four levels of tables end.</summary>
    public const ulong AddressEnd = 1UL << 47;

    // 0 where nothing is mapped, else the level.
    private readonly PageSegments _levels = new();

    /// <summary>Maps a range by pages of one level. Larger pages that the range cuts become 4K pages, as the host splits them.</summary>
    /// <param name="address">A multiple of the level's bytes.</param>
    /// <param name="size">In bytes: at least 1, a multiple of the level's bytes, ending at or below <see cref="AddressEnd"/>.</param>
    /// <param name="level">4K, 2M or 1G.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is none, or the range is empty or leaves the process.</exception>
    /// <exception cref="ArgumentException">The range is not made of whole pages of the level.</exception>
    public void Map(ulong address, ulong size, MappingLevel level)
    {
        MappingLevels.Check(level);
        Set(address, size, MappingLevels.Pages(level) << GuestPage.Shift, (byte)level);
    }

    /// <summary>Unmaps a range, which need not be mapped. Larger pages that the range cuts become 4K pages.</summary>
    /// <param name="address">A multiple of 4096.</param>
    /// <param name="size">In bytes: at least 1, a multiple of 4096, ending at or below <see cref="AddressEnd"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or leaves the process.</exception>
    /// <exception cref="ArgumentException">The range is not made of whole pages.</exception>
    public void Unmap(ulong address, ulong size) => Set(address, size, GuestPage.Size, 0);

    /// <summary>The level at which the host maps an address; 4K where nothing is mapped.</summary>
    /// <param name="address">Any address.</param>
    public MappingLevel LevelAt(ulong address)
    {
        byte level = _levels.At(address >> GuestPage.Shift);
        return level == 0 ? MappingLevel.Size4K : (MappingLevel)level;
    }

    private void Set(ulong address, ulong size, ulong unit, byte level)
    {
        if (address >= AddressEnd)
            throw new ArgumentOutOfRangeException(nameof(address), address, $"An address is below 0x{AddressEnd:x}.");
        if (size == 0 || size > AddressEnd - address)
            throw new ArgumentOutOfRangeException(nameof(size), size, $"There are from 1 to 0x{AddressEnd - address:x} bytes from there on.");
        if (address % unit != 0)
            throw new ArgumentException($"The address is a multiple of 0x{unit:x}.", nameof(address));
        if (size % unit != 0)
            throw new ArgumentException($"The size is a multiple of 0x{unit:x}.", nameof(size));

        ulong first = address >> GuestPage.Shift;
        ulong end = (address + size) >> GuestPage.Shift;
        Cut(first);
        Cut(end);
        _levels.Set(first, end, level);
    }

    private void Cut(ulong boundary)
    {
        byte level = _levels.At(boundary);
        if (level == 0)
            return;
        ulong mask = MappingLevels.Pages((MappingLevel)level) - 1;
        if ((boundary & mask) != 0)
            _levels.Set(boundary & ~mask, (boundary | mask) + 1, (byte)MappingLevel.Size4K);
    }
}
