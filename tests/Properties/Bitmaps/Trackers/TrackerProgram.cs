using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Interleaving;
using Xunit;
using static System.FormattableString;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>Writers that store to pages and mark them in a tracker, and one thread that harvests and copies, on the model of memory.</summary>
/// <remarks>
/// Each writer has a word of its own in each page and counts in it. The words are atomic and in no order, as guest memory is: only the
/// tracker orders them. When all have ended, one more harvest copies what is dirty, and then the copy must equal the memory. If the
/// writers announce their marks, each whole harvest must bring what was announced when it began.
/// </remarks>
internal sealed class TrackerProgram
{
    private readonly Func<IDirtyTracker> _makeTracker;
    private readonly BitmapOperation[][] _threads;
    private readonly bool _announces;
    private readonly int[] _pages;
    private readonly Dictionary<int, PageRecord> _recordOf = [];

    // One word for each thread and each page in use; and for each thread how many of its marks have returned.
    private readonly ulong[] _memory;
    private readonly ulong[] _done;
    private readonly ulong[] _note = GC.AllocateArray<ulong>(1, pinned: true);
    private readonly ulong[] _copied;
    private readonly List<(int Word, ulong Stored)>[] _announced;

    private IDirtyTracker _tracker = null!;
    private ulong _cursor;

    private TrackerProgram(Func<IDirtyTracker> makeTracker, bool announces, BitmapOperation[][] threads)
    {
        _makeTracker = makeTracker;
        _announces = announces;
        _threads = threads;
        _pages = [.. threads.SelectMany(thread => thread).Where(o => o.Marks).SelectMany(o => Enumerable.Range(o.Page, o.Count)).Distinct().Order()];
        _memory = GC.AllocateArray<ulong>(threads.Length * _pages.Length, pinned: true);
        _done = GC.AllocateArray<ulong>(threads.Length, pinned: true);
        _copied = new ulong[_memory.Length];
        _announced = [.. threads.Select(_ => new List<(int, ulong)>())];

        bool refuses = threads.Any(thread => thread.Any(o => o.Action == BitmapAction.HarvestRefused));
        for (int i = 0; i < _pages.Length; i++)
        {
            int page = _pages[i];
            int[] writers = [.. Enumerable.Range(0, threads.Length).Where(t => threads[t].Any(o => Touches(o, page)))];
            bool isCounted = !refuses && writers is [int only]
                && threads[only].Where(o => Touches(o, page)).All(o => o.Action == BitmapAction.TryMark);
            _recordOf[page] = new PageRecord([.. writers.Select(t => WordOf(t, i))], isCounted);
        }
    }

    /// <summary>A program of threads that each do these operations; one of them, or none, harvests.</summary>
    /// <param name="makeTracker">A clean one, for each execution; it may be the same that was cleaned.</param>
    /// <param name="announces">Whether writers tell the harvester of marks that have returned.</param>
    /// <param name="threads">What each thread does.</param>
    public static ModelProgram<TrackerProgram> Of(Func<IDirtyTracker> makeTracker, bool announces, params BitmapOperation[][] threads)
    {
        var program = new TrackerProgram(makeTracker, announces, threads);
        string name = string.Join(" | ", threads.Select(thread => string.Join(", ", thread)));
        return new ModelProgram<TrackerProgram>(
            announces ? name + ", announced" : name,
            program.Begin,
            [.. Enumerable.Range(0, threads.Length).Select(t => (Action<TrackerProgram>)(p => p.Run(t)))])
        { Finally = p => p.Check() };
    }

    private static bool Touches(BitmapOperation operation, int page) =>
        operation.Marks && page >= operation.Page && page < operation.Page + operation.Count;

    private int WordOf(int thread, int pageIndex) => (thread * _pages.Length) + pageIndex;

    private int WordOfPage(int thread, int page) => WordOf(thread, Array.BinarySearch(_pages, page));

    private TrackerProgram Begin()
    {
        foreach (ulong[] words in (ulong[][])[_memory, _copied, _done, _note])
            Array.Clear(words);
        foreach (List<(int, ulong)> marks in _announced)
            marks.Clear();
        foreach (PageRecord record in _recordOf.Values)
            record.Clear();
        _cursor = 0;
        _tracker = _makeTracker();
        Explorer.Name(ref _note[0], "the sink's note");
        for (int thread = 0; thread < _threads.Length; thread++)
        {
            Explorer.Name(ref _done[thread], Invariant($"T{thread}'s marks"));
            for (int i = 0; i < _pages.Length; i++)
                Explorer.Name(ref _memory[WordOf(thread, i)], Invariant($"T{thread}'s word of page {_pages[i]}"));
        }

        return this;
    }

    private void Run(int thread)
    {
        foreach (BitmapOperation operation in _threads[thread])
        {
            if (operation.Marks)
                StoreAndMark(thread, operation);
            else if (operation.Action == BitmapAction.Look)
                Look(operation.Page);
            else if (operation.Action == BitmapAction.LookForReturn)
                LookForReturn((ulong)operation.Page);
            else
                Harvest(operation);
        }
    }

    private void StoreAndMark(int thread, BitmapOperation operation)
    {
        ulong stored = 0;
        for (int page = operation.Page; page < operation.Page + operation.Count; page++)
        {
            int word = WordOfPage(thread, page);
            stored = ++_recordOf[page].Stores[word];
            O.StoreRelaxed(ref _memory[word], stored);
            _recordOf[page].Marks++;
            _announced[thread].Add((word, stored));
        }

        switch (operation.Action)
        {
            case BitmapAction.Mark:
                _tracker.Mark((ulong)operation.Page);
                break;
            case BitmapAction.TryMark:
                if (_tracker.TryMark((ulong)operation.Page))
                    _recordOf[operation.Page].MarkedAt.Add(stored);
                break;
            case BitmapAction.MarkRange:
                _tracker.MarkRange((ulong)operation.Page, (ulong)operation.Count);
                break;
            default:
                if (!_tracker.IsDirty((ulong)operation.Page))
                    _tracker.Mark((ulong)operation.Page);
                break;
        }

        if (_announces)
            O.StoreRelease(ref _done[thread], (ulong)_announced[thread].Count);
    }

    // Whoever sees the mark sees the store behind it.
    private void Look(int page)
    {
        if (!_tracker.IsDirty((ulong)page))
            return;

        ulong seen = 0;
        foreach (int word in _recordOf[page].Words)
            seen += O.LoadRelaxed(ref _memory[word]);
        Assert.True(seen > 0, $"page {page} is dirty, and no store to it is seen");
    }

    // A page that was dirty, is clean and is dirty again, with one mark in all: the harvester has marked it again, and what its sink had
    // done until then comes with it.
    private void LookForReturn(ulong page)
    {
        if (!_tracker.IsDirty(page) && _tracker.IsDirty(page))
            Assert.Equal(1ul, O.ReadPlain(ref _note[0]));
    }

    private void Harvest(BitmapOperation operation)
    {
        int[] known = [.. _done.Select((_, thread) => _announces && _threads[thread].Any(o => o.Marks) ? Known(thread) : 0)];
        var sink = new Sink(this);
        switch (operation.Action)
        {
            case BitmapAction.HarvestMasks:
                _tracker.HarvestMasks(ref sink);
                break;
            case BitmapAction.HarvestRuns:
                _tracker.HarvestRuns(ref sink);
                break;
            case BitmapAction.HarvestIndices:
                Span<ulong> pages = stackalloc ulong[operation.Count];
                int count = _tracker.HarvestIndices(pages, ref _cursor);
                foreach (ulong page in pages[..count])
                    Take((int)page);
                if (_cursor == _tracker.Pages)
                    _cursor = 0;
                return;
            default:
                var refusing = new RefusingSink(this);
                try
                {
                    _tracker.HarvestMasks(ref refusing);
                }
                catch (IOException)
                {
                }

                return;
        }

        for (int thread = 0; thread < known.Length; thread++)
        {
            foreach ((int word, ulong stored) in _announced[thread].Take(known[thread]))
                Assert.True(_copied[word] >= stored, $"a mark of T{thread} had returned before the harvest began, which lacks the store behind it");
        }
    }

    private int Known(int thread) => (int)O.LoadAcquire(ref _done[thread]);

    private void Take(int page)
    {
        Assert.True(_recordOf.TryGetValue(page, out PageRecord? record), $"page {page} was taken and never marked");
        Assert.True(record!.Marks > record.Takes, $"page {page} was taken more often than it was marked");
        record.Takes++;
        foreach (int word in record.Words)
        {
            _copied[word] = O.LoadRelaxed(ref _memory[word]);
            if (record.IsCounted)
                record.TakenAt.Add(_copied[word]);
        }
    }

    private void Check()
    {
        var sink = new Sink(this);
        _tracker.HarvestMasks(ref sink);
        foreach ((int page, PageRecord record) in _recordOf)
        {
            Assert.True(record.Marks == 0 || record.Takes > 0, $"page {page} was marked and never harvested");
            foreach (int word in record.Words)
            {
                Assert.True(
                    _copied[word] == _memory[word],
                    $"the copy of page {page} lacks a store of T{word / _pages.Length}: {_copied[word]} instead of {_memory[word]}");
            }

            if (!record.IsCounted)
                continue;
            Assert.Equal(record.MarkedAt.Count, record.Takes);
            for (int i = 0; i < record.Takes; i++)
                Assert.True(record.TakenAt[i] >= record.MarkedAt[i], $"page {page} was taken without the store behind its mark");
        }
    }

    private readonly struct Sink(TrackerProgram program) : IDirtyMaskSink, IDirtyRunSink
    {
        void IDirtyMaskSink.Accept(ulong firstPage, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                program.Take((int)firstPage + BitOperations.TrailingZeroCount(mask));
        }

        void IDirtyRunSink.Accept(ulong firstPage, ulong pageCount)
        {
            for (ulong page = firstPage; page < firstPage + pageCount; page++)
                program.Take((int)page);
        }
    }

    private readonly struct RefusingSink(TrackerProgram program) : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
            O.WritePlain(ref program._note[0], 1ul);
            throw new IOException("The transfer failed.");
        }
    }
}
