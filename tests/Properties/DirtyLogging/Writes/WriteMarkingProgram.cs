using RingKit.Bitmaps;
using RingKit.Bitmaps.Summary;
using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Mmu.DirtyLogging.Writes;
using Xunit;
using static System.FormattableString;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.DirtyLogging.Writes;

/// <summary>Devices that store to pages and mark them, and a migration that starts the log, copies all, harvests and copies: at the end the copy must equal the memory.</summary>
/// <remarks>The words are atomic and in no order, as guest memory is. When all have ended, one more harvest copies what is dirty.</remarks>
internal sealed class WriteMarkingProgram
{
    private const int Pages = 128;

    private readonly uint[] _isLogged = GC.AllocateArray<uint>(1, pinned: true);
    private readonly ulong[] _memory;
    private readonly ulong[] _copy;
    private readonly SummaryBitmapCore<O> _marks;
    private readonly int[] _pages;
    private readonly bool _marksFirst;

    private WriteMarkingProgram(SummaryBitmapCore<O> marks, int[] pages, bool marksFirst)
    {
        _marks = marks;
        _pages = pages;
        _marksFirst = marksFirst;
        _memory = GC.AllocateArray<ulong>(pages.Length, pinned: true);
        _copy = new ulong[pages.Length];
        Explorer.Name(ref _isLogged[0], "logged");
        for (int i = 0; i < pages.Length; i++)
            Explorer.Name(ref _memory[i], Invariant($"page {pages[i]}"));
    }

    /// <summary>Each device stores to the pages that it is given, in turn; the migration harvests so many times.</summary>
    /// <param name="harvests">How often it harvests while the devices write.</param>
    /// <param name="marksFirst">Whether devices mark before they store, which is wrong.</param>
    /// <param name="devices">The pages of each device, below 128; no two devices' are the same.</param>
    public static ModelProgram<WriteMarkingProgram> Of(int harvests, bool marksFirst, params int[][] devices)
    {
        int[] pages = [.. devices.SelectMany(device => device).Distinct().Order()];
        string name = string.Join(" | ", devices.Select(device => $"write {string.Join(", ", device)}"));
        return new ModelProgram<WriteMarkingProgram>(
            Invariant($"{name} | start, {harvests} harvests{(marksFirst ? ", marks first" : "")}"),
            () => new WriteMarkingProgram(Marks(), pages, marksFirst),
            [.. devices.Select(device => (Action<WriteMarkingProgram>)(p => p.Write(device))), p => p.Migrate(harvests)])
        {
            Finally = p =>
            {
                p.Harvest();
                Assert.Equal(p._memory, p._copy);
            },
        };
    }

    private static SummaryBitmapCore<O> Marks()
    {
        ulong[] wordsOf = SummaryLevels.WordsOf(Pages, mostTopWords: 1);
        var leaves = new NativeBlock<ulong>((nuint)wordsOf[0]);
        var summaries = new NativeBlock<ulong>((nuint)SummaryLevels.WordsAbove(wordsOf));
        return new SummaryBitmapCore<O>(leaves.View, summaries.View, Pages, mostTopWords: 1);
    }

    private void Write(int[] pages)
    {
        ulong value = 0;
        foreach (int page in pages)
        {
            if (_marksFirst)
                WriteMarking<O>.Mark(ref _isLogged[0], new MarksOf(this), (ulong)page, 1);
            O.StoreRelaxed(ref _memory[Array.IndexOf(_pages, page)], ++value);
            if (!_marksFirst)
                WriteMarking<O>.Mark(ref _isLogged[0], new MarksOf(this), (ulong)page, 1);
        }
    }

    private void Migrate(int harvests)
    {
        O.StoreRelaxed(ref _isLogged[0], 1);
        WriteMarking<O>.Started();
        for (int i = 0; i < _pages.Length; i++)
            _copy[i] = O.LoadRelaxed(ref _memory[i]);
        for (; harvests > 0; harvests--)
            Harvest();
    }

    private void Harvest()
    {
        var taken = new Taken(new ulong[Pages / 64]);
        _marks.HarvestMasks(ref taken);
        for (int i = 0; i < _pages.Length; i++)
        {
            if ((taken.Words[_pages[i] / 64] >> _pages[i] & 1) != 0)
                _copy[i] = O.LoadRelaxed(ref _memory[i]);
        }
    }

    private readonly struct MarksOf(WriteMarkingProgram program) : IMarkedPages
    {
        public IDirtyTracker Tracker => program._marks;
    }

    private readonly struct Taken(ulong[] words) : IDirtyMaskSink
    {
        public ulong[] Words => words;

        public void Accept(ulong firstPage, ulong mask) => words[firstPage / 64] |= mask;
    }
}
