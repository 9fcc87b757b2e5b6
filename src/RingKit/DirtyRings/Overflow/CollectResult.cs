namespace RingKit.DirtyRings.Overflow;

/// <summary>What a collection did.</summary>
/// <param name="Entries">Ring entries harvested and reset, duplicates and refused ones included.</param>
/// <param name="BitmapPages">Pages taken from the bitmaps, refused ones included.</param>
/// <param name="RefusedPages">Pages of both that lie in no slot of the target, and were not touched.</param>
/// <param name="Recovered">Whether the ring had overflowed, so that the bitmaps were searched; the producer is back in the ring.</param>
public readonly record struct CollectResult(int Entries, ulong BitmapPages, int RefusedPages, bool Recovered);
