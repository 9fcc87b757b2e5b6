namespace RingKit.Properties.Bitmaps;

/// <summary>What a thread of a bitmap program does next.</summary>
/// <param name="Action">The call.</param>
/// <param name="Page">Marks and looks: the first page.</param>
/// <param name="Count">Ranges, and each row of a rectangle: how many pages. Harvests of indices: how many at most.</param>
internal readonly record struct BitmapOperation(BitmapAction Action, int Page = 0, int Count = 1)
{
    /// <summary>From row to row of a rectangle.</summary>
    public const int Stride = 64;

    public static BitmapOperation Mark(int page) => new(BitmapAction.Mark, page);

    public static BitmapOperation TryMark(int page) => new(BitmapAction.TryMark, page);

    public static BitmapOperation MarkRange(int page, int count) => new(BitmapAction.MarkRange, page, count);

    public static BitmapOperation TryMarkRange(int page, int count) => new(BitmapAction.TryMarkRange, page, count);

    /// <summary>Two rows, as far from one another as the pages on both sides of a word's edge.</summary>
    public static BitmapOperation MarkRectangle(int page) => new(BitmapAction.MarkRectangle, page);

    public static BitmapOperation Look(int page) => new(BitmapAction.Look, page);

    public static BitmapOperation Snapshot => new(BitmapAction.Snapshot);

    public static BitmapOperation Masks => new(BitmapAction.HarvestMasks);

    public static BitmapOperation Runs => new(BitmapAction.HarvestRuns);

    public static BitmapOperation Indices(int most) => new(BitmapAction.HarvestIndices, Count: most);

    public bool Marks => Action is BitmapAction.Mark or BitmapAction.TryMark or BitmapAction.MarkRange
        or BitmapAction.TryMarkRange or BitmapAction.MarkRectangle or BitmapAction.MarkUnlessDirty;

    /// <summary>The pages that it marks.</summary>
    public IEnumerable<int> MarkedPages
    {
        get
        {
            IEnumerable<int> row = Marks ? Enumerable.Range(Page, Count) : [];
            return Action == BitmapAction.MarkRectangle ? row.Concat(row.Select(page => page + Stride)) : row;
        }
    }

    public override string ToString() => Action switch
    {
        BitmapAction.MarkRange or BitmapAction.TryMarkRange => $"{Action} {Page}+{Count}",
        BitmapAction.HarvestIndices => $"{Action} {Count}",
        BitmapAction.HarvestMasks or BitmapAction.HarvestRuns or BitmapAction.HarvestRefused or BitmapAction.Snapshot => $"{Action}",
        _ => $"{Action} {Page}",
    };
}
