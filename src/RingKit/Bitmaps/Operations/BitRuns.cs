namespace RingKit.Bitmaps.Operations;

/// <summary>The runs of set bits of a bitmap, or of clear ones, for <c>foreach</c>: see <see cref="BitmapSearch.SetRuns"/>.</summary>
/// <remarks>Thread role: any thread, over memory that nobody else writes meanwhile, but for the loop itself behind the run that it is in.</remarks>
public ref struct BitRuns
{
    private readonly ReadOnlySpan<ulong> _words;
    private readonly ulong _bits;
    private readonly bool _areSet;

    internal BitRuns(ReadOnlySpan<ulong> words, ulong bits, bool areSet)
    {
        _words = words;
        _bits = bits;
        _areSet = areSet;
    }

    /// <summary>The run that the loop is in.</summary>
    public BitRun Current { get; private set; }

    /// <summary>What <c>foreach</c> goes through.</summary>
    public readonly BitRuns GetEnumerator() => this;

    /// <summary>Goes on to the next run.</summary>
    /// <returns>False if there is none.</returns>
    public bool MoveNext()
    {
        Current = _areSet
            ? BitmapSearch.NextSetRun(_words, _bits, Current.End)
            : BitmapSearch.NextClearRun(_words, _bits, Current.End);
        return Current.Count != 0;
    }
}
