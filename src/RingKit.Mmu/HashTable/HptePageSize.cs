namespace RingKit.Mmu.HashTable;

/// <summary>The two sizes of an entry's page: that of its segment, which the hash uses, and its own.</summary>
/// <param name="BaseShift">log2 of the segment's page size: 12, 16, 24 or 34.</param>
/// <param name="ActualShift">log2 of the page's size, at least <paramref name="BaseShift"/>.</param>
/// <remarks>Source: KVM's fixed table for POWER7 to POWER9. A selector that is not in it makes a hypercall return H_PARAMETER.</remarks>
public readonly record struct HptePageSize(int BaseShift, int ActualShift)
{
    private const int SelectorShift = 12;

    /// <summary>4 KiB.</summary>
    public static HptePageSize Small { get; } = new(12, 12);

    /// <summary>64 KiB.</summary>
    public static HptePageSize Medium { get; } = new(16, 16);

    /// <summary>16 MiB.</summary>
    public static HptePageSize Large { get; } = new(24, 24);

    /// <summary>The page's size in bytes.</summary>
    public ulong Bytes => 1UL << ActualShift;

    /// <summary>The size that an entry's words select, or null.</summary>
    /// <param name="v">The first word.</param>
    /// <param name="r">The second word.</param>
    public static HptePageSize? Decode(ulong v, ulong r)
    {
        if ((v & HpteV.Large) == 0)
            return Small;

        // Of the 64 KiB selectors the upper half is address, and is not looked at.
        return ((r >> SelectorShift) & 0xF, (r >> (SelectorShift + 4)) & 0xF) switch
        {
            (1, _) => Medium,
            (7, _) => new(12, 16),
            (0, 0) => Large,
            (8, 0) => new(16, 24),
            (8, 3) => new(12, 24),
            (3, 0) => new(34, 34),
            _ => null,
        };
    }

    /// <summary>What to set in R to select this size; <see cref="HpteV.Large"/> belongs to it in V, but for 4 KiB.</summary>
    /// <exception cref="InvalidOperationException">No selector names this size.</exception>
    public ulong Selector => this switch
    {
        (12, 12) => 0,
        (16, 16) => 0x1000,
        (12, 16) => 0x7000,
        (24, 24) => 0,
        (16, 24) => 0x8000,
        (12, 24) => 0x38000,
        (34, 34) => 0x3000,
        _ => throw new InvalidOperationException($"No selector names a page of 2^{ActualShift} bytes in a segment of 2^{BaseShift} bytes a page."),
    };

    /// <summary>The guest frame that an entry maps: the first one of a large page.</summary>
    /// <param name="guestR">The guest's own second word.</param>
    /// <param name="pageShift">log2 of the host's page size.</param>
    internal ulong Gfn(ulong guestR, int pageShift) => (guestR & HpteR.Rpn & ~(Bytes - 1)) >> pageShift;

    /// <summary>How many host pages the page covers, at least 1.</summary>
    internal ulong HostPages(int pageShift) => ActualShift <= pageShift ? 1 : 1UL << (ActualShift - pageShift);
}
