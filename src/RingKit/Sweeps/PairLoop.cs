using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using RingKit.Bitmaps.Decoding;
using RingKit.Sweeps.Matching;

namespace RingKit.Sweeps;

/// <summary>The loops of all sweeps: group after group of 64 pairs, the last of which may be shorter.</summary>
/// <remarks>
/// Behind each reference lie as many pairs as the length says; nothing else is read. One compiled loop for each combination of matcher and classes, and none
/// inlined: with more of them in one method the JIT stops inlining the steps of the matcher.
/// </remarks>
internal static class PairLoop<TMatcher, TClasses>
    where TMatcher : struct, IPairMatcher<TMatcher>
    where TClasses : struct, IPairClasses
{
    private const uint Group = 64;
    private const int ManyInGroup = 6;
    private const uint PrefetchBytesAhead = 6 << 10;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static PairCounts Count(ref readonly WordPair pairs, nuint length, PairFilter filter, bool prefetch)
    {
        var matcher = TMatcher.For(filter);
        ulong candidates = 0;
        ulong lookAgain = 0;
        for (nuint group = 0; group < length; group += Group)
        {
            (ulong found, ulong again) = Look(in pairs, group, length, filter, matcher, prefetch, orders: false);
            candidates += (uint)BitOperations.PopCount(found);
            lookAgain += (uint)BitOperations.PopCount(again);
        }

        return new PairCounts(candidates, lookAgain);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Sweep<TSink>(
        ref readonly WordPair pairs, nuint length, ulong start, PairFilter filter, bool prefetch, ref TSink sink)
        where TSink : struct, IPairSink, allows ref struct
    {
        var matcher = TMatcher.For(filter);
        for (nuint group = 0; group < length; group += Group)
        {
            (ulong candidates, ulong lookAgain) = Look(in pairs, group, length, filter, matcher, prefetch, orders: true);
            if ((candidates | lookAgain) != 0)
                sink.Accept(start + group, candidates, lookAgain);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Find(
        ref readonly WordPair pairs, nuint length, PairFilter filter, bool prefetch, Span<ulong> destination, ref ulong cursor)
    {
        // Groups are aligned, wherever the cursor is: they fill cache lines.
        var matcher = TMatcher.For(filter);
        int found = 0;
        nuint next = (nuint)cursor;
        while (next < length && found < destination.Length)
        {
            nuint group = next & ~(nuint)(Group - 1);
            (ulong candidates, ulong lookAgain) = Look(in pairs, group, length, filter, matcher, prefetch, orders: true);
            ulong left = (candidates | lookAgain) & (ulong.MaxValue << (int)next);
            if (BitOperations.PopCount(left) >= ManyInGroup && destination.Length - found >= (int)Group)
            {
                found += FindMany(left, group, destination[found..]);
                left = 0;
            }

            for (; left != 0 && found < destination.Length; left &= left - 1)
                destination[found++] = group + (uint)BitOperations.TrailingZeroCount(left);
            next = left == 0 ? Math.Min(group + Group, length) : group + (uint)BitOperations.TrailingZeroCount(left);
        }

        cursor = next;
        return found;
    }

    // Not inlined: the loop that finds few has no registers to spare.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int FindMany(ulong mask, ulong first, Span<ulong> destination) => BitmapDecoder.Decode(mask, first, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (ulong Candidates, ulong LookAgain) Look(
        ref readonly WordPair pairs, nuint group, nuint length, PairFilter filter, TMatcher matcher, bool prefetch, bool orders)
    {
        ref WordPair first = ref Unsafe.Add(ref Unsafe.AsRef(in pairs), group);
        if (length - group < Group)
            return LookAtLast(in first, (int)(length - group), filter);

        if (Sse.IsSupported && prefetch)
            Prefetch(in first);
        matcher.Match(in first, TClasses.LookAgain, out ulong candidates, out ulong lookAgain);
        lookAgain &= ~candidates;
        return orders ? (TMatcher.Ordered(candidates), TMatcher.Ordered(lookAgain)) : (candidates, lookAgain);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (ulong Candidates, ulong LookAgain) LookAtLast(ref readonly WordPair pairs, int count, PairFilter filter)
    {
        ScalarMatcher.Match(in pairs, count, filter, TClasses.LookAgain, out ulong candidates, out ulong lookAgain);
        return (candidates, lookAgain & ~candidates);
    }

    // All lines of a group ahead. Invariant: the address may lie behind the pairs or be out of date; a prefetch does not fault and changes nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch(ref readonly WordPair group)
    {
        byte* ahead = (byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in group)) + PrefetchBytesAhead;
        Sse.Prefetch0(ahead);
        Sse.Prefetch0(ahead + 64);
        Sse.Prefetch0(ahead + 128);
        Sse.Prefetch0(ahead + 192);
        Sse.Prefetch0(ahead + 256);
        Sse.Prefetch0(ahead + 320);
        Sse.Prefetch0(ahead + 384);
        Sse.Prefetch0(ahead + 448);
        Sse.Prefetch0(ahead + 512);
        Sse.Prefetch0(ahead + 576);
        Sse.Prefetch0(ahead + 640);
        Sse.Prefetch0(ahead + 704);
        Sse.Prefetch0(ahead + 768);
        Sse.Prefetch0(ahead + 832);
        Sse.Prefetch0(ahead + 896);
        Sse.Prefetch0(ahead + 960);
    }
}
