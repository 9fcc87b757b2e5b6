using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Decoding;
using RingKit.Ordering;

namespace RingKit.Bitmaps;

/// <summary>Harvesting: every form is a loop over <see cref="TakeNext"/>.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        ThrowIfDisposed();
        ulong offeredFirst = 0;
        ulong offeredMask = 0;
        try
        {
            // What the handler reads lives on the stack, so the loop only writes it.
            Scan scan = default;
            while (TakeNext(ref scan, out nuint word, out ulong mask))
            {
                offeredFirst = (ulong)word << 6;
                offeredMask = mask;
                sink.Accept((ulong)word << 6, mask);
            }
        }
        catch
        {
            PutBack(offeredFirst, offeredMask);
            throw;
        }

        GC.KeepAlive(this);
    }

    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        ThrowIfDisposed();
        RunJoiner joiner = default;
        try
        {
            Scan scan = default;
            while (TakeNext(ref scan, out nuint word, out ulong mask))
                joiner.Add(ref sink, (ulong)word << 6, mask);
            joiner.Flush(ref sink);
        }
        catch
        {
            MarkRange(joiner.UndeliveredRun.First, joiner.UndeliveredRun.Count);
            PutBack(joiner.UnreadMask.FirstPage, joiner.UnreadMask.Mask);
            throw;
        }

        GC.KeepAlive(this);
    }

    public int HarvestIndices(Span<ulong> destination, ref ulong cursor)
    {
        ThrowIfDisposed();
        if (cursor > Pages)
            throw new ArgumentOutOfRangeException(nameof(cursor), cursor, $"The bitmap has {Pages} pages.");

        int taken = 0;
        while (taken < destination.Length && cursor < Pages)
        {
            if ((cursor & 63) == 0 && destination.Length - taken >= 64)
            {
                taken += HarvestWholeWords(destination[taken..], ref cursor);
                continue;
            }

            nuint word = (nuint)(cursor >> 6);
            ulong seen = TOrdering.LoadRelaxed(ref _words[word]) & (ulong.MaxValue << (int)cursor);
            if (seen == 0)
            {
                cursor = Math.Min((ulong)Find(word + 1) << 6, Pages);
                continue;
            }

            ulong wanted = LowestBits(seen, destination.Length - taken);
            for (ulong mask = Take(word, wanted); mask != 0; mask &= mask - 1)
                destination[taken++] = ((ulong)word << 6) + (uint)BitOperations.TrailingZeroCount(mask);
            cursor = Math.Min(((ulong)word << 6) + 64 - (wanted == seen ? 0 : (uint)BitOperations.LeadingZeroCount(wanted)), Pages);
        }

        GC.KeepAlive(this);
        return taken;
    }

    // Until the end, or until a whole word may not fit. In a method of its own, where the scan stays in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int HarvestWholeWords(Span<ulong> destination, ref ulong cursor)
    {
        int taken = 0;
        var scan = new Scan { Next = (nuint)(cursor >> 6) };
        while (destination.Length - taken >= 64)
        {
            if (!TakeNext(ref scan, out nuint word, out ulong mask))
            {
                cursor = Pages;
                break;
            }

            taken += BitmapDecoder.Decode(mask, (ulong)word << 6, destination[taken..]);
            cursor = Math.Min(((ulong)word << 6) + 64, Pages);
        }

        return taken;
    }

    /// <summary>Takes all bits of the next word that has any.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TakeNext(ref Scan scan, out nuint word, out ulong mask)
    {
        while (true)
        {
            if (scan.Pending == 0)
            {
                nuint next = scan.Next;
                scan.Group = FindGroup(ref next, _wordCount, out ulong found);
                (scan.Next, scan.Pending) = (next, found);
            }

            // A sink may dispose the bitmap: then no word is left.
            word = scan.Group + (nuint)BitOperations.TrailingZeroCount(scan.Pending);
            if (scan.Pending == 0 || word >= _wordCount)
            {
                mask = 0;
                return false;
            }

            scan.Pending &= scan.Pending - 1;
            mask = Take(word, ulong.MaxValue);
            if (mask != 0)
                return true;
        }
    }

    // The scan answers with hints. On hardware it reads vectors, which no ordering knows; a model of memory decides about each word, or it
    // would never show a harvest that looked before the mark.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nuint FindGroup(ref nuint from, nuint end, out ulong nonZero)
    {
        if (typeof(TOrdering) == typeof(HardwareOrdering))
            return NonZeroScan.FindGroup(in *_words, ref from, end, out nonZero);

        nuint word = Math.Min(Find(from), end);
        from = Math.Min(word + 1, end);
        nonZero = word == end ? 0UL : 1UL;
        return word;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nuint Find(nuint from)
    {
        if (typeof(TOrdering) == typeof(HardwareOrdering))
            return NonZeroScan.Find(in *_words, from, _wordCount);

        while (from < _wordCount && TOrdering.LoadRelaxed(ref _words[from]) == 0)
            from++;
        return from;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Take(nuint word, ulong wanted)
    {
        ulong taken = wanted == ulong.MaxValue
            ? TOrdering.ExchangeAcquire(ref _words[word], 0)                          // E4: the stores behind the bits are visible
            : TOrdering.FetchAndNotAcquire(ref _words[word], wanted) & wanted;        // E4
        ulong valid = ValidBits(word);
        if ((taken & ~valid) != 0)
            StrayBits += (uint)BitOperations.PopCount(taken & ~valid);
        return taken & valid;
    }

    /// <summary>Marks again what was taken and not delivered, or hands it on to this bitmap; nothing if it is disposed.</summary>
    internal void PutBack(ulong firstPage, ulong mask)
    {
        if (mask != 0 && firstPage < _pages)
            TOrdering.OrRelease(ref _words[firstPage >> 6], mask);                    // E4: what we have acquired passes on
        GC.KeepAlive(this);
    }

    private static ulong LowestBits(ulong mask, int count)
    {
        if (BitOperations.PopCount(mask) <= count)
            return mask;

        ulong rest = mask;
        for (; count > 0; count--)
            rest &= rest - 1;
        return mask ^ rest;
    }

    /// <summary>Where a harvest is: the group of words found last, which of it are still to be taken, and where to search on.</summary>
    internal struct Scan
    {
        public nuint Group;
        public ulong Pending;
        public nuint Next;
    }
}
