namespace RingKit.Mmu.Mapping;

/// <summary>A small number for each page, kept as segments of equal pages.</summary>
/// <remarks>Page numbers are below 2^52, so ends, which are exclusive, do not wrap. Thread role: one thread at a time.</remarks>
internal sealed class PageSegments
{
    // Segment i is the pages from _starts[i] to the next start. The first begins at 0; neighbours differ.
    private readonly List<ulong> _starts = [0];
    private readonly List<byte> _values = [0];

    /// <summary>Whether every page still has number 0.</summary>
    public bool IsAllZero => _starts.Count == 1 && _values[0] == 0;

    public byte At(ulong page) => _values[SegmentOf(page)];

    /// <summary>Whether all pages of a range, which is not empty, have a number.</summary>
    public bool IsUniform(ulong first, ulong end, byte value)
    {
        int segment = SegmentOf(first);
        return _values[segment] == value && (segment + 1 == _starts.Count || _starts[segment + 1] >= end);
    }

    /// <summary>Gives all pages of a range, which is not empty, a number.</summary>
    public void Set(ulong first, ulong end, byte value)
    {
        byte behind = At(end);
        int from = LowerBound(first);
        int to = LowerBound(end + 1);
        _starts.RemoveRange(from, to - from);
        _values.RemoveRange(from, to - from);
        if (behind != value)
            Insert(from, end, behind);
        if (from == 0 || _values[from - 1] != value)
            Insert(from, first, value);
    }

    private void Insert(int index, ulong start, byte value)
    {
        _starts.Insert(index, start);
        _values.Insert(index, value);
    }

    private int SegmentOf(ulong page) => LowerBound(page + 1) - 1;

    /// <summary>The first segment that begins at a page or behind it.</summary>
    private int LowerBound(ulong page)
    {
        int found = _starts.BinarySearch(page);
        return found >= 0 ? found : ~found;
    }
}
