using RingKit.Ordering;

namespace RingKit.Rings.Cores;

/// <summary>Words that several threads count in, off the fast paths.</summary>
internal static class Counter<TOrdering>
    where TOrdering : struct, IOrdering
{
    public static void Add(ref ulong word, ulong amount)
    {
        ulong seen = TOrdering.LoadRelaxed(ref word);
        while (true)
        {
            ulong was = TOrdering.CompareExchangeRelaxed(ref word, seen + amount, seen);
            if (was == seen)
                return;
            seen = was;
        }
    }

    /// <summary>Raises the word to a value, and never lowers it.</summary>
    public static void RaiseTo(ref ulong word, ulong value)
    {
        ulong seen = TOrdering.LoadRelaxed(ref word);
        while (seen < value)
        {
            ulong was = TOrdering.CompareExchangeRelaxed(ref word, value, seen);
            if (was == seen)
                return;
            seen = was;
        }
    }
}
