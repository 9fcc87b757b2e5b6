using RingKit.Bitmaps;

namespace RingKit.Kvm.Tests.Host;

/// <summary>Collects pages one by one, from masks or from runs, and fails where it is told to.</summary>
internal struct PageList(List<int> pages, int failsAt = int.MaxValue) : IDirtyMaskSink, IDirtyRunSink
{
    private readonly List<int> _pages = pages;
    private int _calls;

    void IDirtyMaskSink.Accept(ulong firstPage, ulong mask)
    {
        Count();
        Assert(mask != 0 && firstPage % 64 == 0);
        for (; mask != 0; mask &= mask - 1)
            _pages.Add((int)firstPage + (int)ulong.TrailingZeroCount(mask));
    }

    void IDirtyRunSink.Accept(ulong firstPage, ulong pageCount)
    {
        Count();
        Assert(pageCount != 0 && (_pages.Count == 0 || _pages[^1] + 1 < (int)firstPage));
        _pages.AddRange(Enumerable.Range((int)firstPage, (int)pageCount));
    }

    private void Count()
    {
        if (_calls++ == failsAt)
            throw new IOException("The transfer failed.");
    }

    private static void Assert(bool holds) => Xunit.Assert.True(holds);
}
