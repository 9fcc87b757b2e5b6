namespace RingKit.Bitmaps.Harvesting;

/// <summary>A harvest under way: takes dirty pages word by word, and gives back what was not delivered.</summary>
internal interface IMaskSource
{
    /// <summary>Takes the next word that has dirty pages, and leaves those clean.</summary>
    /// <returns>False if there is none, or the tracker is disposed.</returns>
    bool TakeNext(out ulong firstPage, out ulong mask);

    /// <summary>Marks again what was taken and not delivered.</summary>
    void PutBack(ulong firstPage, ulong mask);

    /// <summary>The same of neighbouring pages.</summary>
    void PutBackRange(ulong first, ulong count);

    /// <summary>The harvest ends early: what it has noted of pages that it did not reach must be found by the next one.</summary>
    void Abandon();
}
