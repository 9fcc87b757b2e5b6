using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.Sweeps;

/// <summary>Passes over arrays of 16-byte pairs at the speed of memory: which pairs have the bits that a <see cref="PairFilter"/> wants.</summary>
/// <remarks>
/// Any thread may sweep, and other threads may write the pairs meanwhile. A sweep reads vectors, which order nothing and may see one word of
/// a pair from before a write and the other from after it. So what it reports is a hint: the caller looks at each reported pair again
/// under that pair's lock before he acts on it. A pair that has the wanted bits before the sweep begins, and keeps them, is reported; one
/// that is taken in hand meanwhile is too, if taking it in hand leaves it in the second class. See docs/sweeps.md.
/// <para>
/// Words are aligned to 8 bytes, which every view guarantees. Tables that begin at a multiple of 64 bytes are read fastest: no vector of theirs lies
/// on two cache lines. Nothing is allocated but by the parallel variants.
/// </para>
/// </remarks>
public static unsafe partial class PairSweep
{
    // Where the pairs come from memory, asking for them ahead of the processor's own prefetcher, which stops at each page of 4 KiB, is worth
    // up to a tenth; out of the second-level cache narrow vectors lose 6 % by it (SweepWidthBenchmarks).
    private const uint PrefetchFromPairs = (4 << 20) / WordPair.SizeInBytes;

    /// <summary>Counts the pairs of each class.</summary>
    /// <param name="pairs">The table; may be empty.</param>
    /// <param name="filter">What to look for.</param>
    /// <exception cref="ObjectDisposedException">The memory behind the view is disposed.</exception>
    public static PairCounts Count(NativeView<WordPair> pairs, PairFilter filter)
    {
        using NativeHold hold = pairs.Hold();
        return WidestScan.Count(in *pairs.DangerousPointer, pairs.Length, filter, Prefetch(pairs.Length));
    }

    /// <inheritdoc cref="Count(NativeView{WordPair}, PairFilter)"/>
    /// <exception cref="ArgumentException">The span is not aligned to 8 bytes.</exception>
    public static PairCounts Count(ReadOnlySpan<WordPair> pairs, PairFilter filter)
    {
        CheckAlignment(pairs);
        return WidestScan.Count(in Start(pairs), (nuint)pairs.Length, filter, Prefetch((nuint)pairs.Length));
    }

    /// <summary>
    /// Finds pairs one by one, in ascending order, as many as there is room for: candidates and those to look at again, since the caller has to look
    /// at both under the pair's lock. Who wants to know which is which takes <see cref="Sweep{TSink}(NativeView{WordPair}, PairFilter, ref TSink)"/>.
    /// </summary>
    /// <param name="pairs">The table; may be empty.</param>
    /// <param name="filter">What to look for.</param>
    /// <param name="destination">Filled from its start with the pairs' indices; has room for at least one.</param>
    /// <param name="cursor">The pair to go on from, 0 at first; moved on, and equal to the table's length when the end is reached.</param>
    /// <returns>How many were found. Fewer than there is room for only at the end.</returns>
    /// <exception cref="ArgumentException">The destination is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The cursor is beyond the table's length.</exception>
    /// <exception cref="ObjectDisposedException">The memory behind the view is disposed.</exception>
    public static int Find(NativeView<WordPair> pairs, PairFilter filter, Span<ulong> destination, ref ulong cursor)
    {
        CheckFind(pairs.Length, destination, cursor);
        using NativeHold hold = pairs.Hold();
        return WidestScan.Find(in *pairs.DangerousPointer, pairs.Length, filter, Prefetch(pairs.Length), destination, ref cursor);
    }

    /// <inheritdoc cref="Find(NativeView{WordPair}, PairFilter, Span{ulong}, ref ulong)"/>
    /// <exception cref="ArgumentException">The destination is empty, or the table is not aligned to 8 bytes.</exception>
    public static int Find(ReadOnlySpan<WordPair> pairs, PairFilter filter, Span<ulong> destination, ref ulong cursor)
    {
        CheckAlignment(pairs);
        CheckFind((nuint)pairs.Length, destination, cursor);
        return WidestScan.Find(in Start(pairs), (nuint)pairs.Length, filter, Prefetch((nuint)pairs.Length), destination, ref cursor);
    }

    /// <summary>Hands all pairs of both classes to a sink, in ascending order, as masks of 64. A part of a table is swept by a slice of its view.</summary>
    /// <param name="pairs">The table; may be empty.</param>
    /// <param name="filter">What to look for.</param>
    /// <param name="sink">Takes the masks. It may write the pairs. What it throws ends the sweep.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">The memory behind the view is disposed.</exception>
    public static void Sweep<TSink>(NativeView<WordPair> pairs, PairFilter filter, ref TSink sink)
        where TSink : struct, IPairSink, allows ref struct
    {
        using NativeHold hold = pairs.Hold();
        WidestScan.Sweep(in *pairs.DangerousPointer, pairs.Length, start: 0, filter, Prefetch(pairs.Length), ref sink);
    }

    /// <inheritdoc cref="Sweep{TSink}(NativeView{WordPair}, PairFilter, ref TSink)"/>
    /// <exception cref="ArgumentException">The span is not aligned to 8 bytes.</exception>
    public static void Sweep<TSink>(ReadOnlySpan<WordPair> pairs, PairFilter filter, ref TSink sink)
        where TSink : struct, IPairSink, allows ref struct
    {
        CheckAlignment(pairs);
        WidestScan.Sweep(in Start(pairs), (nuint)pairs.Length, start: 0, filter, Prefetch((nuint)pairs.Length), ref sink);
    }

    private static bool Prefetch(nuint length) => length >= PrefetchFromPairs;

    private static ref readonly WordPair Start(ReadOnlySpan<WordPair> pairs) =>
        ref MemoryMarshal.GetReference(pairs);

    private static void CheckFind(nuint length, Span<ulong> destination, ulong cursor)
    {
        if (destination.IsEmpty)
            throw new ArgumentException("The destination must have room for at least 1 index.", nameof(destination));
        if (cursor > length)
            throw new ArgumentOutOfRangeException(nameof(cursor), cursor, $"The cursor must be from 0 to {length}, the pairs of the table.");
    }

    // Invariant: the garbage collector moves objects by multiples of 8 bytes, so the address need not be pinned to be judged.
    private static void CheckAlignment(ReadOnlySpan<WordPair> pairs)
    {
        if (((nuint)Unsafe.AsPointer(ref Unsafe.AsRef(in Start(pairs))) & 7) != 0)
            throw new ArgumentException("The first pair's address must be a multiple of 8.", nameof(pairs));
    }
}
