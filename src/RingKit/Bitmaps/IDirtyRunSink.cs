namespace RingKit.Bitmaps;

/// <summary>Takes dirty pages as runs, each as long as it gets: the form for whoever copies or sends them.</summary>
public interface IDirtyRunSink
{
    /// <summary>Takes neighbouring dirty pages. If it throws, they are dirty again.</summary>
    /// <param name="firstPage">The first page.</param>
    /// <param name="pageCount">How many pages, at least 1.</param>
    void Accept(ulong firstPage, ulong pageCount);
}
