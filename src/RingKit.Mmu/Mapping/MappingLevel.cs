namespace RingKit.Mmu.Mapping;

/// <summary>The size of a mapping, by x86's levels: <c>PG_LEVEL_NONE</c>, <c>PG_LEVEL_4K</c>, <c>PG_LEVEL_2M</c>, <c>PG_LEVEL_1G</c>.</summary>
public enum MappingLevel
{
    /// <summary>No level. Where a limit is asked for: no limit.</summary>
    None = 0,

    /// <summary>One page.</summary>
    Size4K = 1,

    /// <summary>512 pages.</summary>
    Size2M = 2,

    /// <summary>262144 pages.</summary>
    Size1G = 3,
}
