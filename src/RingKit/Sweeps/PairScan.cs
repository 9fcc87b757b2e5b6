using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using RingKit.Sweeps.Matching;

namespace RingKit.Sweeps;

/// <summary>The loops of all sweeps: group after group of 64 pairs, the last of which may be shorter.</summary>
/// <remarks>Behind each reference lie as many pairs as the length says; nothing else is read.</remarks>
internal static class PairScan<TMatcher>
    where TMatcher : struct, IPairMatcher
{
    private const uint Group = 64;

    private const uint PrefetchBytesAhead = 6 << 10;

    public static PairCounts Count(ref readonly WordPair pairs, nuint length, PairFilter filter, bool prefetch)
    {
        ulong candidates = 0;
        ulong lookAgain = 0;
        for (nuint group = 0; group < length; group += Group)
        {
            Look(in pairs, group, length, filter, prefetch, out ulong found, out ulong again);
            candidates += (uint)BitOperations.PopCount(found);
            lookAgain += (uint)BitOperations.PopCount(again);
        }

        return new PairCounts(candidates, lookAgain);
    }

    /// <summary>The pairs are numbered from <paramref name="start"/> on, a multiple of 64.</summary>
    public static void Sweep<TSink>(
        ref readonly WordPair pairs, nuint length, ulong start, PairFilter filter, bool prefetch, ref TSink sink)
        where TSink : struct, IPairSink, allows ref struct
    {
        for (nuint group = 0; group < length; group += Group)
        {
            Look(in pairs, group, length, filter, prefetch, out ulong candidates, out ulong lookAgain);
            if ((candidates | lookAgain) != 0)
                sink.Accept(start + group, candidates, lookAgain);
        }
    }

    public static int Find(
        ref readonly WordPair pairs, nuint length, PairFilter filter, bool prefetch, Span<ulong> destination, ref ulong cursor)
    {
        // Groups are aligned, wherever the cursor is: they fill cache lines.
        int found = 0;
        nuint next = (nuint)cursor;
        while (next < length && found < destination.Length)
        {
            nuint group = next & ~(nuint)(Group - 1);
            Look(in pairs, group, length, filter, prefetch, out ulong candidates, out ulong lookAgain);
            ulong left = (candidates | lookAgain) & (ulong.MaxValue << (int)next);
            for (; left != 0 && found < destination.Length; left &= left - 1)
                destination[found++] = group + (uint)BitOperations.TrailingZeroCount(left);
            next = left == 0 ? Math.Min(group + Group, length) : group + (uint)BitOperations.TrailingZeroCount(left);
        }

        cursor = next;
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Look(
        ref readonly WordPair pairs, nuint group, nuint length, PairFilter filter, bool prefetch, out ulong candidates, out ulong lookAgain)
    {
        ref WordPair first = ref Unsafe.Add(ref Unsafe.AsRef(in pairs), group);
        if (length - group < Group)
        {
            LookAtLast(in first, (int)(length - group), filter, out candidates, out lookAgain);
            return;
        }

        if (Sse.IsSupported && prefetch)
            Prefetch(in first);
        if (filter.LooksAgain)
            TMatcher.Match(in first, filter, again: true, out candidates, out lookAgain);
        else
            TMatcher.Match(in first, filter, again: false, out candidates, out lookAgain);
        lookAgain &= ~candidates;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LookAtLast(ref readonly WordPair pairs, int count, PairFilter filter, out ulong candidates, out ulong lookAgain)
    {
        ScalarMatcher.Match(in pairs, count, filter, filter.LooksAgain, out candidates, out lookAgain);
        lookAgain &= ~candidates;
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
