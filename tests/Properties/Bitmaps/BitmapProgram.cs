using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Cores;
using RingKit.Interleaving;
using RingKit.Memory;
using Xunit;
using static System.FormattableString;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps;

/// <summary>Writers that store to pages and mark them, and one thread that harvests and copies, on the model of memory.</summary>
/// <remarks>
/// Each writer has a word of its own in each page and counts in it. The words are atomic and in no order, as guest memory is: only the
/// bitmap orders them. When all have ended, one more harvest copies what is dirty, and then the copy must equal the memory. The counters
/// are the test's own: the explorer runs one thread at a time, so all read what was done so far.
/// </remarks>
#pragma warning disable CA1001 // One bitmap for all executions of a program, so that those are fast: its finalizer frees it.
internal sealed class BitmapProgram
#pragma warning restore CA1001
{
    public const int Pages = 66;

    private readonly NativeBlock<ulong> _words = new(2);
    private readonly DirtyBitmapCore<O> _bitmap;
    private readonly IMarkCalls _calls;
    private readonly ulong[] _memory;
    private readonly BitmapOperation[][] _threads;
    private readonly int[][] _writersOf = new int[Pages][];
    private readonly bool[] _isCounted = new bool[Pages];

    // Per page: how many marks began, how many harvests took it; and for pages that one writer marks by TryMark alone, what the
    // page held at each mark that found it clean, and at each take.
    private readonly int[] _marks = new int[Pages];
    private readonly int[] _takes = new int[Pages];
    private readonly List<ulong>[] _markedAt = [.. Enumerable.Range(0, Pages).Select(_ => new List<ulong>())];
    private readonly List<ulong>[] _takenAt = [.. Enumerable.Range(0, Pages).Select(_ => new List<ulong>())];

    private readonly ulong[] _stored;
    private readonly ulong[] _copied;
    private ulong _cursor;
    private readonly ulong[] _note = GC.AllocateArray<ulong>(1, pinned: true);

    private BitmapProgram(BitmapOperation[][] threads, Func<DirtyBitmapCore<O>, IMarkCalls> calls)
    {
        _threads = threads;
        _bitmap = new DirtyBitmapCore<O>(_words.View, Pages);
        _calls = calls(_bitmap);
        _memory = GC.AllocateArray<ulong>(threads.Length * Pages, pinned: true);
        _stored = new ulong[_memory.Length];
        _copied = new ulong[_memory.Length];
        bool refuses = threads.Any(thread => thread.Any(o => o.Action == BitmapAction.HarvestRefused));
        for (int page = 0; page < Pages; page++)
        {
            _writersOf[page] = [.. Enumerable.Range(0, threads.Length).Where(t => threads[t].Any(o => Touches(o, page)))];
            _isCounted[page] = !refuses && _writersOf[page] is [int only]
                && threads[only].Where(o => Touches(o, page)).All(o => o.Action == BitmapAction.TryMark);
        }
    }

    /// <summary>A program of threads that each do these operations; one of them, or none, harvests.</summary>
    public static ModelProgram<BitmapProgram> Of(params BitmapOperation[][] threads) => Of<AlwaysOr>(threads);

    /// <summary>The same where marks follow another discipline.</summary>
    public static ModelProgram<BitmapProgram> Of<TMarking>(params BitmapOperation[][] threads)
        where TMarking : struct, IMarking
    {
        var program = new BitmapProgram(threads, bitmap => new MarkCalls<TMarking>(bitmap));
        string discipline = typeof(TMarking) == typeof(AlwaysOr) ? "" : $"{typeof(TMarking).Name}: ";
        string name = discipline + string.Join(" | ", threads.Select(thread => string.Join(", ", thread)));
        return new ModelProgram<BitmapProgram>(
            name,
            program.Begin,
            [.. Enumerable.Range(0, threads.Length).Select(t => (Action<BitmapProgram>)(p => p.Run(t)))])
        { Finally = p => p.Check() };
    }

    private static bool Touches(BitmapOperation operation, int page) =>
        operation.MarkedPages.Contains(page);

    private BitmapProgram Begin()
    {
        _words.View.AsSpan().Clear();
        foreach (ulong[] words in (ulong[][])[_memory, _stored, _copied, _note])
            Array.Clear(words);
        Array.Clear(_marks);
        Array.Clear(_takes);
        for (int page = 0; page < Pages; page++)
        {
            _markedAt[page].Clear();
            _takenAt[page].Clear();
        }

        _cursor = 0;
        Explorer.Name(ref _words[0], "bits[0..63]");
        Explorer.Name(ref _words[1], "bits[64..65]");
        Explorer.Name(ref _note[0], "the sink's note");
        for (int i = 0; i < _memory.Length; i++)
            Explorer.Name(ref _memory[i], Invariant($"T{i / Pages}'s word of page {i % Pages}"));
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
            else if (operation.Action == BitmapAction.Snapshot)
                LookAtAll();
            else if (operation.Action == BitmapAction.LookForReturn)
                LookForReturn((ulong)operation.Page);
            else
                Harvest(operation);
        }
    }

    private void StoreAndMark(int thread, BitmapOperation operation)
    {
        int page = operation.Page;
        foreach (int p in operation.MarkedPages)
        {
            int word = (thread * Pages) + p;
            O.StoreRelaxed(ref _memory[word], ++_stored[word]);
            _marks[p]++;
        }

        switch (operation.Action)
        {
            case BitmapAction.Mark:
                _calls.Mark((ulong)page);
                break;
            case BitmapAction.TryMark:
                ulong stored = _stored[(thread * Pages) + page];
                if (_calls.TryMark((ulong)page))
                    _markedAt[page].Add(stored);
                break;
            case BitmapAction.MarkRange:
                _calls.MarkRange((ulong)page, (ulong)operation.Count);
                break;
            case BitmapAction.TryMarkRange:
                _calls.TryMarkRange((ulong)page, (ulong)operation.Count);
                break;
            case BitmapAction.MarkRectangle:
                _calls.MarkRectangle((ulong)page, (ulong)operation.Count, 2, BitmapOperation.Stride);
                break;
            default:
                if (!_bitmap.IsDirty((ulong)page))
                    _bitmap.Mark((ulong)page);
                break;
        }
    }

    // Whoever sees the bit sees the store behind it.
    private void Look(int page)
    {
        if (_bitmap.IsDirty((ulong)page))
            ExpectStore(page);
    }

    private void LookAtAll()
    {
        Span<ulong> copy = stackalloc ulong[2];
        _bitmap.CopyTo(copy);
        for (int page = 0; page < Pages; page++)
        {
            if ((copy[page / 64] >> (page % 64) & 1) != 0)
                ExpectStore(page);
        }
    }

    private void ExpectStore(int page)
    {
        ulong seen = 0;
        foreach (int writer in _writersOf[page])
            seen += O.LoadRelaxed(ref _memory[(writer * Pages) + page]);
        Assert.True(seen > 0, $"page {page} is dirty, and no store to it is seen");
    }

    // A page that was dirty, is clean and is dirty again, with one mark in all: the harvester has set the bit again, and what its sink had
    // done until then comes with it.
    private void LookForReturn(ulong page)
    {
        if (!_bitmap.IsDirty(page) && _bitmap.IsDirty(page))
            Assert.Equal(1ul, O.ReadPlain(ref _note[0]));
    }

    private void Harvest(BitmapOperation operation)
    {
        var sink = new Sink(this);
        switch (operation.Action)
        {
            case BitmapAction.HarvestMasks:
                _calls.HarvestMasks(ref sink);
                break;
            case BitmapAction.HarvestRuns:
                _calls.HarvestRuns(ref sink);
                break;
            case BitmapAction.HarvestIndices:
                Span<ulong> pages = stackalloc ulong[operation.Count];
                int count = _calls.HarvestIndices(pages, ref _cursor);
                foreach (ulong page in pages[..count])
                    Take((int)page);
                if (_cursor == Pages)
                    _cursor = 0;
                break;
            default:
                var refusing = new RefusingSink(this);
                try
                {
                    _calls.HarvestMasks(ref refusing);
                }
                catch (IOException)
                {
                }

                break;
        }
    }

    private void Take(int page)
    {
        Assert.True(_marks[page] > _takes[page], $"page {page} was taken more often than it was marked");
        _takes[page]++;
        foreach (int writer in _writersOf[page])
        {
            int word = (writer * Pages) + page;
            _copied[word] = O.LoadRelaxed(ref _memory[word]);
            if (_isCounted[page])
                _takenAt[page].Add(_copied[word]);
        }
    }

    private void Check()
    {
        var sink = new Sink(this);
        _bitmap.HarvestMasks<AlwaysOr, Sink>(ref sink);
        Assert.Equal(0ul, _bitmap.StrayBits);
        for (int page = 0; page < Pages; page++)
        {
            Assert.True(_marks[page] == 0 || _takes[page] > 0, $"page {page} was marked and never harvested");
            if (!_isCounted[page])
                continue;

            Assert.Equal(_markedAt[page].Count, _takes[page]);
            for (int i = 0; i < _takes[page]; i++)
                Assert.True(_takenAt[page][i] >= _markedAt[page][i], $"page {page} was taken without the store behind its mark");
        }

        for (int word = 0; word < _memory.Length; word++)
        {
            Assert.True(
                _copied[word] == _memory[word],
                $"the copy of page {word % Pages} lacks a store of T{word / Pages}: {_copied[word]} instead of {_memory[word]}");
        }
    }

    private readonly struct Sink(BitmapProgram program) : IDirtyMaskSink, IDirtyRunSink
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

    private readonly struct RefusingSink(BitmapProgram program) : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
            O.WritePlain(ref program._note[0], 1ul);
            throw new IOException("The transfer failed.");
        }
    }
}
