namespace RingKit.Mmu.Stage2.Host;

/// <summary>An entry of the host's own page table: a page of 4 KiB, a huge page, or word that smaller pages follow.</summary>
/// <param name="Raw">The physical address in bits 47..12, and flags. An entry that is not present keeps the address that it had last.</param>
internal readonly record struct HostEntry(ulong Raw)
{
    private const ulong PresentBit = 1, WriteBit = 2, PoisonBit = 4, TableBit = 8;
    private const ulong AddressMask = 0x0000_FFFF_FFFF_F000;

    /// <summary>Pages of 4 KiB take the place of a huge page.</summary>
    public static HostEntry Table => new(TableBit);

    /// <summary>A page is there.</summary>
    public bool IsPresent => (Raw & PresentBit) != 0;

    /// <summary>Stores need no copy.</summary>
    public bool IsWritable => (Raw & WriteBit) != 0;

    /// <summary>Its memory is broken.</summary>
    public bool IsPoisoned => (Raw & PoisonBit) != 0;

    /// <summary>Look at the pages.</summary>
    public bool IsTable => (Raw & TableBit) != 0;

    /// <summary>Nothing was ever there.</summary>
    public bool IsFresh => Raw == 0;

    /// <summary>The physical address of its first byte, or the last one that it had.</summary>
    public ulong Address => Raw & AddressMask;

    /// <summary>The same, read-only.</summary>
    public HostEntry ReadOnly => new(Raw & ~WriteBit);

    /// <summary>The same, broken.</summary>
    public HostEntry Poisoned => new(Raw | PoisonBit);

    /// <summary>Not present any more.</summary>
    public HostEntry Gone => new(Raw & AddressMask);

    /// <summary>A page that is there.</summary>
    public static HostEntry Page(ulong address, bool isWritable) => new(address | PresentBit | (isWritable ? WriteBit : 0));

    /// <summary>The same at another address.</summary>
    public HostEntry At(ulong address) => new((Raw & ~AddressMask) | address);
}
