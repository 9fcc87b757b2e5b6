using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>Delivers runs word by word, and keeps what was taken and not delivered: an open run, which the next word may prolong, and the rest of a word.</summary>
internal struct RunsLeft
{
    /// <summary>What <see cref="First"/> is if nothing is left.</summary>
    public const ulong Nothing = ulong.MaxValue;

    // The page of the word's bit 0, and the word's pages from the run on that is being delivered: in one store, for which the next atomic step waits.
    private Vector128<ulong> _word;
    private ulong _openStart;

    // A page that was the only one of its word: then the one store is half as wide. It is what is left if its word comes after the one above.
    private ulong _lone = Nothing;

    /// <summary>Nothing is left.</summary>
    public RunsLeft()
    {
    }

    /// <summary>The page behind the open run; 0 if there is none.</summary>
    public ulong OpenEnd { get; private set; }

    /// <summary>How many pages the open run has.</summary>
    public readonly ulong OpenCount => OpenEnd == 0 ? 0 : OpenEnd - _openStart;

    /// <summary>The open run's first page, if there is one.</summary>
    public readonly ulong OpenStart => _openStart;

    /// <summary>The page of <see cref="Mask"/>'s bit 0.</summary>
    public readonly ulong FirstPage => IsLone ? _lone & ~63UL : _word[0];

    /// <summary>The pages of the word that are left.</summary>
    public readonly ulong Mask => IsLone ? 1UL << (int)_lone : _word[1];

    /// <summary>The lowest place of a lone page that may not be delivered as such: one that the next word may prolong, or any while the run before it may be prolonged by it.</summary>
    public readonly ulong LonePlaces => OpenEnd == 0 ? 63UL : 0;

    private readonly bool IsLone => _lone + 1 > _word[0];

    /// <summary>The first page that is left, or <see cref="Nothing"/>.</summary>
    public readonly ulong First =>
        OpenEnd != 0 ? _openStart
        : Mask != 0 ? FirstPage + (uint)BitOperations.TrailingZeroCount(Mask)
        : Nothing;

    /// <summary>Delivers the runs of a word, but not one that reaches its end, which stays open; and the open run before it as soon as that has ended.</summary>
    /// <param name="firstPage">The page of bit 0; not less than the last one.</param>
    /// <param name="mask">The pages; may be 0.</param>
    /// <param name="sink">Takes the runs.</param>
    /// <param name="runs">How many runs begin in the word: added to. Counted here, with the pages that it returns, since it costs least here.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <returns>How many pages.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Deliver<TSink>(ulong firstPage, ulong mask, ref TSink sink, ref ulong runs)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        ulong pages = 0;
        if (OpenEnd != 0)
        {
            int joined = firstPage == OpenEnd ? BitOperations.TrailingZeroCount(~mask) : 0;
            OpenEnd += (uint)joined;
            pages = (uint)joined;
            if (joined == 64)
                return pages;
            mask &= ulong.MaxValue << joined;
            _word = Vector128.Create(firstPage, mask);
            DeliverOpen(ref sink);
        }

        while (mask != 0)
        {
            _word = Vector128.Create(firstPage, mask);
            runs++;
            ulong first = WordBits.LowestPlace(mask);
            ulong carried = mask + (mask & (0 - mask));
            if (carried == 0)
            {
                pages += 64 - first;
                Open(firstPage + first, firstPage + 64);
                break;
            }

            ulong count = WordBits.LowestPlace(carried) - first;
            pages += count;
            sink.Accept(firstPage + first, count);
            mask &= carried;
        }

        return pages;
    }

    /// <summary>Delivers a page that is the only one of its word, where no run is open and it opens none: see <see cref="LonePlaces"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void DeliverLone<TSink>(ulong page, ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        _lone = page;
        sink.Accept(page, 1);
    }

    /// <summary>The last word is delivered, or in the open run.</summary>
    public void EndWord() => (_word, _lone) = (default, Nothing);

    /// <summary>Nothing follows: delivers the open run.</summary>
    public void Finish<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        EndWord();
        if (OpenEnd != 0)
            DeliverOpen(ref sink);
    }

    /// <summary>There is an open run from now on.</summary>
    public void Open(ulong start, ulong end) => (_openStart, OpenEnd) = (start, end);

    /// <summary>There is no open run any more.</summary>
    public void Close() => OpenEnd = 0;

    private void DeliverOpen<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        sink.Accept(_openStart, OpenEnd - _openStart);
        Close();
    }
}
