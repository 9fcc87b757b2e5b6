namespace RingKit.DirtyRings.IndexPublished;

/// <summary>How the positions of a ring are counted. All are pure functions; the JIT leaves only their arithmetic.</summary>
/// <remarks>
/// A ring needs to tell empty from full, so its indices count further than its entries: at least to twice the capacity before they
/// start again. An index that is not one (<see cref="IsIndex"/>) may only be passed to <see cref="IsIndex"/>.
/// </remarks>
public interface IIndexing
{
    /// <summary>Whether a ring of this many entries can exist, from 1 to <see cref="DirtyRing.MaximumCapacity"/>.</summary>
    static abstract bool IsCapacity(long capacity);

    /// <summary>What <see cref="IsCapacity"/> asks for, in words.</summary>
    static abstract string Rule { get; }

    /// <summary>Whether any 32-bit value, read from memory that others write, is an index at all.</summary>
    static abstract bool IsIndex(uint value, uint capacity);

    /// <summary>The index that is a number of steps, at most the capacity, further on.</summary>
    static abstract uint Advance(uint index, uint steps, uint capacity);

    /// <summary>How many steps lead from one index to the other.</summary>
    static abstract uint Distance(uint from, uint to, uint capacity);

    /// <summary>The entry that an index stands for, less than the capacity for any index.</summary>
    static abstract uint EntryOf(uint index, uint capacity);
}
