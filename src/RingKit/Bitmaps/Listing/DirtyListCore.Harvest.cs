using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;

namespace RingKit.Bitmaps.Listing;

/// <summary>Harvesting: the words in the log, and all that are not 0 after an overflow.</summary>
internal sealed unsafe partial class DirtyListCore<TOrdering>
{
    private const ulong Underway = 1;

    // The harvester's: how many entries the round still takes, so that it ends though markers go on; where the scan is that an overflow
    // has made necessary, the end if there is none; and, one behind it, the word that was taken off the log and not emptied yet, or 0.
    private ulong _entriesLeft;
    private nuint _scanFrom;
    private nuint _heldWord;

    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        ThrowIfDisposed();
        BeginRound();
        var source = new Source(this);
        MaskHarvest.Masks(ref source, ref sink);
        GC.KeepAlive(this);
    }

    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        ThrowIfDisposed();
        BeginRound();
        var source = new Source(this);
        MaskHarvest.Runs(ref source, ref sink);
        GC.KeepAlive(this);
    }

    public int HarvestIndices(Span<ulong> destination, ref ulong cursor)
    {
        ThrowIfDisposed();
        TrackedPages.CheckCursor(cursor, Pages);
        if (destination.IsEmpty || cursor == Pages)
            return 0;

        if (cursor == 0)
            BeginRound();
        cursor = Underway;
        int taken = 0;
        while (taken < destination.Length)
        {
            if (!NextWord(out nuint word))
            {
                cursor = Pages;
                break;
            }

            ulong wanted = TrackedPages.LowestBits(TOrdering.LoadRelaxed(ref _words[word]), destination.Length - taken);
            ulong found = TOrdering.FetchAndNotAcquire(ref _words[word], wanted);     // E4
            taken += TrackedPages.Write(destination[taken..], (ulong)word << 6, found & wanted);

            // Nobody logs a word that is not 0: it stays with us.
            if ((found & ~wanted) != 0)
                _heldWord = word + 1;
        }

        GC.KeepAlive(this);
        return taken;
    }

    private void BeginRound()
    {
        _entriesLeft = _log.Available(int.MaxValue);
        if (TOrdering.LoadRelaxed(ref *_overflow) == 0)
            return;

        TOrdering.ExchangeAcquire(ref *_overflow, 0);                                 // E33: the words that were not logged are seen by the scan
        _scanFrom = 0;
        Scans++;
    }

    private bool NextWord(out nuint word)
    {
        if (_heldWord != 0)
        {
            word = _heldWord - 1;
            _heldWord = 0;
            return word < _wordCount;
        }

        if (_entriesLeft != 0 && _wordCount != 0 && _log.TryPop(out ulong logged))
        {
            _entriesLeft--;
            word = (nuint)logged;
            return true;
        }

        _entriesLeft = 0;
        word = _scanFrom < _wordCount ? Find(_scanFrom) : _wordCount;
        _scanFrom = word + 1;
        return word < _wordCount;
    }

    // A struct, so that the harvest loops are made for it.
    private readonly struct Source(DirtyListCore<TOrdering> list) : IMaskSource
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool TakeNext(out ulong firstPage, out ulong mask)
        {
            while (list.NextWord(out nuint word))
            {
                firstPage = (ulong)word << 6;
                mask = TOrdering.ExchangeAcquire(ref list._words[word], 0);           // E4
                if (mask != 0)
                    return true;
            }

            firstPage = mask = 0;
            return false;
        }

        public void PutBack(ulong firstPage, ulong mask)
        {
            if (mask != 0 && list._pages != 0)
                list.Or((nuint)(firstPage >> 6), mask);
        }

        public void PutBackRange(ulong first, ulong count)
        {
            if (count != 0 && list._pages != 0)
                list.MarkRange(first, count);
        }

        // What was not reached is still in the log, or before the scan.
        public void Abandon()
        {
        }
    }
}
