namespace RingKit.Mmu.HashTable;

/// <summary>The bits of R, the second word of a hashed page-table entry, by value, bit 0 the least.</summary>
/// <remarks>Source: Power ISA 2.07 book III, PAPR; <see cref="Modified"/> is KVM's, in its own copy of the guest's word alone.</remarks>
public static class HpteR
{
    /// <summary>The most significant of the three page-protection bits.</summary>
    public const ulong Pp0 = 0x8000_0000_0000_0000;

    /// <summary>In the hypervisor's copy of the guest's word: changed since the table was last read for a migration. The guest never sees it.</summary>
    public const ulong Modified = 0x4000_0000_0000_0000;

    /// <summary>The storage key, its upper two bits.</summary>
    public const ulong KeyHigh = 0x3000_0000_0000_0000;

    /// <summary>The real page number; its low bits are <see cref="LargePage"/> in entries with <see cref="HpteV.Large"/>.</summary>
    public const ulong Rpn = 0x0FFF_FFFF_FFFF_F000;

    /// <summary>The large-page selector.</summary>
    public const ulong LargePage = 0x000F_F000;

    /// <summary>The storage key, its lower three bits.</summary>
    public const ulong KeyLow = 0x0E00;

    /// <summary>The storage key.</summary>
    public const ulong Key = KeyHigh | KeyLow;

    /// <summary>R: the page was accessed. The processor sets it.</summary>
    public const ulong Referenced = 0x100;

    /// <summary>C: the page was stored to. The processor sets it.</summary>
    public const ulong Changed = 0x080;

    /// <summary>Write-through.</summary>
    public const ulong WriteThrough = 0x040;

    /// <summary>Caching inhibited: a device's page.</summary>
    public const ulong CachingInhibited = 0x020;

    /// <summary>Memory coherence; the guest's memory has this one of W, I, M, G alone.</summary>
    public const ulong Coherent = 0x010;

    /// <summary>Guarded.</summary>
    public const ulong Guarded = 0x008;

    /// <summary>W, I, M and G.</summary>
    public const ulong Wimg = 0x078;

    /// <summary>No instructions are fetched from the page.</summary>
    public const ulong NoExecute = 0x004;

    /// <summary>The lower two page-protection bits.</summary>
    public const ulong Pp = 0x003;

    /// <summary>All three page-protection bits.</summary>
    public const ulong Protection = Pp0 | Pp;

    /// <summary><see cref="Pp"/> of a page that nobody may write.</summary>
    public const ulong PpReadOnly = 3;

    /// <summary><see cref="Protection"/> of a page that the supervisor alone may read, and nobody may write.</summary>
    public const ulong PpSupervisorReadOnly = Pp0 | 2;

    /// <summary>R and C.</summary>
    public const ulong ReferencedChanged = Referenced | Changed;
}
