using RingKit.Bitmaps.Cores;
using RingKit.Bitmaps.Growing;
using RingKit.Interleaving;
using RingKit.Memory;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps.Growing;

/// <summary>A bitmap of 64 pages that grows to 128, on the model of memory: who grows, who marks page 100, who harvests.</summary>
/// <remarks>
/// A mark that has returned before a harvest begins, by whatever chain of threads, is in it or in an earlier one, with the store behind it; a
/// mark that races is in it or in the one at the end.
/// </remarks>
internal sealed class GrowthProgram(NativeView<ulong> words)
{
    private const ulong Page = 100;

    private readonly ulong[] _shared = GC.AllocateArray<ulong>(3, pinned: true);
    private readonly List<(ulong FirstPage, ulong Mask)> _taken = [];
    private GrowingDirtyBitmapCore<O> _bitmap = null!;
    private bool _hasMarked;

    private ref ulong Memory => ref _shared[0];

    private ref ulong Grown => ref _shared[1];

    private ref ulong Marked => ref _shared[2];

    public static ModelProgram<GrowthProgram> Of(string name, params Action<GrowthProgram>[] threads)
    {
        var words = new NativeBlock<ulong>(2);
        var program = new GrowthProgram(words.View);
        return new ModelProgram<GrowthProgram>(name, program.Begin, threads) { Finally = p => p.Check() };
    }

    public void Grow() => _bitmap.Grow(128);

    public void TellOfGrowth() => O.StoreRelease(ref Grown, 1);

    public void HearOfGrowth()
    {
        if (O.LoadAcquire(ref Grown) == 1)
            Assert.Equal(128ul, _bitmap.Pages);
    }

    /// <summary>Marks the page if it is there.</summary>
    public void MarkIfThere()
    {
        if (_bitmap.Pages <= Page)
            return;
        O.StoreRelaxed(ref Memory, 1);
        Assert.True(_bitmap.TryMark(Page));
        _hasMarked = true;
    }

    public void TellOfMark()
    {
        if (_hasMarked)
            O.StoreRelease(ref Marked, 1);
    }

    public void TellOfMarkInNoOrder()
    {
        if (_hasMarked)
            O.StoreRelaxed(ref Marked, 1);
    }

    public void Harvest()
    {
        bool isTold = O.LoadAcquire(ref Marked) == 1;
        Take();
        Assert.True(!isTold || _taken.Count == 1, "the mark had returned, and the harvest did not look so far");
    }

    public void Take()
    {
        var sink = new MaskList(_taken);
        int before = _taken.Count;
        _bitmap.HarvestMasks(ref sink);
        if (_taken.Count != before)
            Assert.Equal(1ul, O.LoadRelaxed(ref Memory));
    }

    private GrowthProgram Begin()
    {
        words.AsSpan().Clear();
        Array.Clear(_shared);
        _taken.Clear();
        _hasMarked = false;
        _bitmap = Make(words);
        Explorer.Name(ref words[0], "bits[0..63]");
        Explorer.Name(ref words[1], "bits[64..127]");
        Explorer.Name(ref _bitmap.PageCount, "pages");
        Explorer.Name(ref Memory, "memory");
        Explorer.Name(ref Grown, "grown");
        Explorer.Name(ref Marked, "marked");
        return this;
    }

    private static GrowingDirtyBitmapCore<O> Make(NativeView<ulong> words) => new(new DirtyBitmapCore<O>(words, 128), 64);

    private void Check()
    {
        if (_hasMarked && _taken.Count == 0)
            Take();
        Assert.Equal(_hasMarked ? [(64ul, 1UL << 36)] : [], _taken);
    }
}
