namespace RingKit.Mmu.Tdp;

/// <summary>How many mappings of each size there are. Linux: the statistics <c>pages_4k</c>, <c>pages_2m</c>, <c>pages_1g</c>.</summary>
/// <param name="Of4K">Mappings of 4K.</param>
/// <param name="Of2M">Mappings of 2M.</param>
/// <param name="Of1G">Mappings of 1G.</param>
public readonly record struct TdpMappings(ulong Of4K, ulong Of2M, ulong Of1G)
{
    /// <summary>The 4K pages that are mapped.</summary>
    public ulong Pages => Of4K + (Of2M << 9) + (Of1G << 18);
}
