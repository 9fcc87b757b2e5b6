namespace RingKit.Mmu.HashTable;

/// <summary>What a search for an address compares the entries of its two groups with.</summary>
/// <remarks>Groups are searched primary first, their entries in ascending order, and the first match counts.</remarks>
internal readonly struct HptSearch
{
    private readonly ulong _compared;
    private readonly ulong _wanted;
    private readonly ulong _hash;
    private readonly int _baseShift;
    private readonly HptGeometry _geometry;

    public HptSearch(VirtualAddress address, HptGeometry geometry)
    {
        // A segment of 4 KiB pages may have larger ones among them, and those have the bit as well.
        _compared = HpteV.SegmentSize | HpteV.Avpn | HpteV.Secondary | (address.BaseShift > 12 ? HpteV.Large : 0);
        _wanted = HptGeometry.FirstWord(address.Vsid, address.Address, address.BaseShift, address.IsOneTebibyteSegment) & _compared;
        _hash = HptGeometry.Hash(address.Vsid, address.Address, address.BaseShift, address.IsOneTebibyteSegment);
        _baseShift = address.BaseShift;
        _geometry = geometry;
    }

    /// <summary>The index of a group's first entry.</summary>
    public ulong FirstIndex(bool secondary) => _geometry.Group(_hash, secondary) * HptGeometry.EntriesPerGroup;

    /// <summary>Whether V is that of an entry for the address, in one of these states.</summary>
    public bool Matches(ulong v, bool secondary, ulong states) =>
        (v & states) != 0 && (v & _compared) == (secondary ? _wanted | HpteV.Secondary : _wanted);

    /// <summary>The same, and its segment's page size is the address's. R says that, so it takes both words of one entry.</summary>
    public bool Matches(Hpte entry, bool secondary, ulong states) =>
        Matches(entry.V, secondary, states) && entry.PageSize is { } size && size.BaseShift == _baseShift;
}
