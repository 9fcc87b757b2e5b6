namespace RingKit.Mmu.Mapping;

/// <summary>Sizes of levels, and levels of orders.</summary>
/// <remarks>Thread role: any. Levels other than 4K, 2M and 1G are refused.</remarks>
public static class MappingLevels
{
    private const int BitsPerLevel = 9;

    /// <summary>log2 of a level's pages: 0, 9 or 18. Linux: <c>KVM_HPAGE_GFN_SHIFT</c>.</summary>
    /// <param name="level">4K, 2M or 1G.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is none of these.</exception>
    public static int PageShift(MappingLevel level)
    {
        Check(level);
        return ((int)level - 1) * BitsPerLevel;
    }

    /// <summary>How many 4K pages a mapping of a level covers.</summary>
    /// <param name="level">4K, 2M or 1G.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is none of these.</exception>
    public static ulong Pages(MappingLevel level) => 1UL << PageShift(level);

    /// <summary>The lower of two levels.</summary>
    /// <param name="one">4K, 2M or 1G.</param>
    /// <param name="other">4K, 2M or 1G.</param>
    public static MappingLevel Min(MappingLevel one, MappingLevel other) => one < other ? one : other;

    /// <summary>The largest level that pages of an order hold: 1G from 18 on, 2M from 9 on, else 4K. Linux: <c>kvm_max_level_for_order</c>.</summary>
    /// <param name="order">log2 of the pages, from 0 on.</param>
    /// <exception cref="ArgumentOutOfRangeException">The order is negative.</exception>
    public static MappingLevel OfOrder(int order)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        return order switch
        {
            >= 2 * BitsPerLevel => MappingLevel.Size1G,
            >= BitsPerLevel => MappingLevel.Size2M,
            _ => MappingLevel.Size4K,
        };
    }

    /// <summary>Whether an order is that of a level; for any other KVM warns and rounds down.</summary>
    /// <param name="order">Any value.</param>
    public static bool IsOrderOfLevel(int order) => order is 0 or BitsPerLevel or 2 * BitsPerLevel;

    internal static void Check(MappingLevel level, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(level))] string? name = null)
    {
        if (level is < MappingLevel.Size4K or > MappingLevel.Size1G)
            throw new ArgumentOutOfRangeException(name, level, "The level is 4K, 2M or 1G.");
    }
}
