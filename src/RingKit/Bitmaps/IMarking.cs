using RingKit.Ordering;

namespace RingKit.Bitmaps;

/// <summary>
/// How marks and harvests of a bitmap keep a store from being lost between a mark that is skipped, since the page is dirty already, and the
/// harvest that cleans and copies the page. docs/bitmaps.md compares <see cref="AlwaysOr"/>, <see cref="TestBehindFence"/> and <see cref="TestBeforeBarrier"/>.
/// </summary>
/// <remarks>All threads that mark and harvest the same words follow the same discipline, those that use <see cref="MarkView"/> included.</remarks>
public interface IMarking
{
    /// <summary>Whether a mark looks at the word first and leaves it alone if all its bits are set.</summary>
    static abstract bool TestsFirst { get; }

    /// <summary>Stands between the stores to the pages and the tests of their bits.</summary>
    /// <typeparam name="TOrdering">The order of memory.</typeparam>
    static abstract void OrderStores<TOrdering>()
        where TOrdering : struct, IOrdering;

    /// <summary>Stands in a harvest between the taking of bits and their delivery, so before anybody copies the pages.</summary>
    /// <typeparam name="TOrdering">The order of memory.</typeparam>
    static abstract void OrderTakes<TOrdering>()
        where TOrdering : struct, IOrdering;
}
