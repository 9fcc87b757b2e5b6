namespace RingKit.Mmu.HashTable.Hypercalls;

/// <summary>What r4 asks for in the hypercalls on the hashed page table. Bits without a name here are ignored, but for H_PAGE_INIT's.</summary>
/// <remarks>Source: PAPR.</remarks>
public static class HypercallFlags
{
    /// <summary>H_EXACT: H_ENTER takes the very entry that the index names, or none. Without it, the first free one of its group.</summary>
    public const ulong Exact = 1UL << 39;

    /// <summary>H_READ_4: H_READ shows the four entries around the index.</summary>
    public const ulong ReadFour = 1UL << 37;

    /// <summary>H_AVPN: the entry is meant only if its V, without the low 7 bits, is the given one.</summary>
    public const ulong Avpn = 1UL << 31;

    /// <summary>H_ANDCOND: the entry is meant only if its V has none of the given bits.</summary>
    public const ulong AndCondition = 1UL << 30;

    /// <summary>H_LOCAL: no other processor has used the translation. It is ignored, as KVM does now.</summary>
    public const ulong Local = 1UL << 28;

    /// <summary>H_ZERO_PAGE: H_PAGE_INIT zeroes the destination.</summary>
    public const ulong ZeroPage = 1UL << 15;

    /// <summary>H_COPY_PAGE: H_PAGE_INIT copies the source, whatever <see cref="ZeroPage"/> says.</summary>
    public const ulong CopyPage = 1UL << 14;

    /// <summary>
    /// All that H_PAGE_INIT takes: to zero or to copy, the instruction cache's two bits (40 and 41 by IBM's count), and those of the page's
    /// use (28 to 31). All but the first two are ignored.
    /// </summary>
    public const ulong PageInitAccepts = ZeroPage | CopyPage | (3UL << 22) | (0xFUL << 32);
}
