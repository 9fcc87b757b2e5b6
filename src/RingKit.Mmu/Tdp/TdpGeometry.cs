namespace RingKit.Mmu.Tdp;

/// <summary>The shape of x86's second-level page table: four levels of 512 entries.</summary>
internal static class TdpGeometry
{
    /// <summary>The level of the root.</summary>
    public const int RootLevel = 4;

    /// <summary>1G.</summary>
    public const int LargestLeafLevel = 3;

    /// <summary>Guest frame numbers are below: 48 bits of guest-physical address.</summary>
    public const ulong FrameEnd = 1UL << 36;

    /// <summary>The most tables that a fault takes: one for each level below the root.</summary>
    public const int TablesPerFault = 3;

    public const int BitsPerLevel = 9;

    public const ulong IndexMask = (1UL << BitsPerLevel) - 1;

    /// <summary>How many frames an entry of a level covers.</summary>
    public static ulong PagesAt(int level) => 1UL << ((level - 1) * BitsPerLevel);

    /// <summary>The place of a frame's entry in a table whose entries are of a level.</summary>
    public static ulong IndexAt(ulong gfn, int level) => (gfn >> ((level - 1) * BitsPerLevel)) & IndexMask;

    /// <summary>The first frame that the entry covers.</summary>
    public static ulong BaseOf(ulong gfn, int level) => gfn & ~(PagesAt(level) - 1);
}
