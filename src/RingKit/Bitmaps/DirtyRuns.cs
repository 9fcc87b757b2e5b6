using System.Numerics;
using RingKit.Bitmaps.Operations;
using RingKit.Ordering;

namespace RingKit.Bitmaps;

/// <summary>The dirty pages of a bitmap, run by run, for <c>foreach</c>: no sink, no delegate, no allocation.</summary>
/// <remarks>
/// Ascending, and joined across words. <see cref="DirtyBitmap.TakeRuns()"/> takes a word when the loop gets there; what was taken and not
/// reached, since the loop was left early, is dirty again. The run that the loop is in when it is left, or fails, counts as delivered: a loop
/// that cannot use it marks it again. <see cref="Phases.DirtyTake.HeldRuns()"/> takes nothing.
/// <para>
/// Thread role: a harvest of the bitmap, in the role of its harvesting thread, until the loop has ended. Each <c>foreach</c> starts anew, and
/// takes what is dirty then.
/// </para>
/// </remarks>
public ref struct DirtyRuns : IDisposable
{
    private readonly DirtyBitmapCore<HardwareOrdering> _bitmap;
    private readonly bool _takes;
    private DirtyBitmapCore<HardwareOrdering>.Part _part;

    // What is left of the word that was taken last.
    private ulong _firstPage;
    private ulong _mask;

    internal DirtyRuns(DirtyBitmapCore<HardwareOrdering> bitmap, ulong first, ulong count, bool takes)
    {
        _bitmap = bitmap;
        _takes = takes;
        _part = bitmap.PartOf(first, bitmap.EndOf(first, count), ulong.MaxValue);
    }

    /// <summary>The run that the loop is in: first page and number of pages.</summary>
    public BitRun Current { get; private set; }

    /// <summary>What <c>foreach</c> goes through.</summary>
    public readonly DirtyRuns GetEnumerator() => this;

    /// <summary>Goes on to the next run.</summary>
    /// <returns>False if there is none.</returns>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public bool MoveNext()
    {
        Current = default;
        if (_mask == 0 && !NextWord())
            return false;

        int first = BitOperations.TrailingZeroCount(_mask);
        ulong start = _firstPage + (uint)first;
        while (true)
        {
            ulong clear = ~_mask & (ulong.MaxValue << first);
            ulong end = _firstPage + (uint)BitOperations.TrailingZeroCount(clear);
            Current = new BitRun(start, end - start);
            _mask &= clear == 0 ? 0 : ulong.MaxValue << BitOperations.TrailingZeroCount(clear);

            // A run that reaches its word's end may go on in the next one, which is taken too then.
            if (clear != 0 || !NextWord() || _firstPage != end || (_mask & 1) == 0)
                return true;
            first = 0;
        }
    }

    /// <summary>Ends the loop: what was taken and not reached is dirty again.</summary>
    public void Dispose()
    {
        if (_takes)
            _bitmap?.PutBack(_firstPage, _mask);
        _mask = 0;
        _part.Room = 0;
    }

    private bool NextWord()
    {
        _bitmap.ThrowIfDisposed();
        Span<(ulong FirstPage, ulong Mask)> word = stackalloc (ulong, ulong)[1];
        bool isMore = _bitmap.NextBatch(ref _part, _takes, word) != 0;
        GC.KeepAlive(_bitmap);
        (_firstPage, _mask) = isMore ? word[0] : default;
        return isMore;
    }
}
