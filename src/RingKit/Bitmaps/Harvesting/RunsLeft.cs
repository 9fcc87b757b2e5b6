using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>Delivers runs word by word, and keeps what was taken and not delivered: an open run, which the next word may prolong, and the rest of a word.</summary>
internal struct RunsLeft
{
    /// <summary>What <see cref="First"/> is if nothing is left.</summary>
    public const ulong Nothing = ulong.MaxValue;

    private ulong _openStart;

    /// <summary>The page behind the open run; 0 if there is none.</summary>
    public ulong OpenEnd { get; private set; }

    /// <summary>How many pages the open run has.</summary>
    public readonly ulong OpenCount => OpenEnd == 0 ? 0 : OpenEnd - _openStart;

    /// <summary>The open run's first page, if there is one.</summary>
    public readonly ulong OpenStart => _openStart;

    /// <summary>The page of <see cref="Mask"/>'s bit 0. Stored once a word, and the mask once a run: two plain stores take fewer instructions than a wide one of both.</summary>
    public ulong FirstPage { readonly get; set; }

    /// <summary>The pages of the word that are left: those from the run on that the sink has now.</summary>
    public ulong Mask { readonly get; set; }

    /// <summary>The first page that is left, or <see cref="Nothing"/>.</summary>
    public readonly ulong First =>
        OpenEnd != 0 ? _openStart
        : Mask != 0 ? FirstPage + (uint)BitOperations.TrailingZeroCount(Mask)
        : Nothing;

    /// <summary>Delivers the runs of a word, but not one that reaches its end, which stays open; and the open run before it as soon as that has ended.</summary>
    /// <param name="firstPage">The page of bit 0; not less than the last one.</param>
    /// <param name="mask">The pages; may be 0.</param>
    /// <param name="sink">Takes the runs.</param>
    /// <param name="runs">How many runs begin in the word: added to.</param>
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
            (FirstPage, Mask) = (firstPage, mask);
            DeliverOpen(ref sink);
        }

        FirstPage = firstPage;
        while (mask != 0)
        {
            Mask = mask;
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

    /// <summary>The last word is delivered, or in the open run.</summary>
    public void EndWord() => Mask = 0;

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
