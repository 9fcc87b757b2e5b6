namespace RingKit.Bitmaps.Harvesting;

/// <summary>What a harvest makes of a word, between the word's atomic step and the next one, in places that its caller gives it.</summary>
internal interface IWordForm
{
    /// <summary>How many places a word may need, be they overwritten or used.</summary>
    static abstract int PlacesAWord { get; }

    /// <summary>Writes a word.</summary>
    /// <param name="firstPage">The page of bit 0.</param>
    /// <param name="mask">The dirty pages; may be 0.</param>
    /// <param name="place">The first free place; <see cref="PlacesAWord"/> are there.</param>
    /// <param name="state">What the form keeps from word to word.</param>
    /// <returns>The first place that is free now.</returns>
    static abstract ref ulong Write(ulong firstPage, ulong mask, ref ulong place, scoped ref ulong state);
}
