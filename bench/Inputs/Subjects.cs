#pragma warning disable MA0048 // One line each.
using RingKit.Bitmaps;
using RingKit.Bitmaps.Bytes;
using RingKit.Bitmaps.Listing;
using RingKit.Bitmaps.Summary;

namespace RingKit.Bench.Inputs;

/// <summary>A tracker as a struct, so that a loop over it is compiled for its class, with its calls inlined.</summary>
internal interface ISubject
{
    IDirtyTracker Tracker { get; }

    void Mark(ulong page);

    bool TryMark(ulong page);

    void Harvest(ref PageCounter sink);
}

internal readonly struct BitmapSubject(DirtyBitmap tracker) : ISubject
{
    public IDirtyTracker Tracker => tracker;

    public void Mark(ulong page) => tracker.Mark(page);

    public bool TryMark(ulong page) => tracker.TryMark(page);

    public void Harvest(ref PageCounter sink) => tracker.HarvestMasks(ref sink);
}

internal readonly struct SummarySubject(SummaryBitmap tracker) : ISubject
{
    public IDirtyTracker Tracker => tracker;

    public void Mark(ulong page) => tracker.Mark(page);

    public bool TryMark(ulong page) => tracker.TryMark(page);

    public void Harvest(ref PageCounter sink) => tracker.HarvestMasks(ref sink);
}

internal readonly struct ListSubject(DirtyList tracker) : ISubject
{
    public IDirtyTracker Tracker => tracker;

    public void Mark(ulong page) => tracker.Mark(page);

    public bool TryMark(ulong page) => tracker.TryMark(page);

    public void Harvest(ref PageCounter sink) => tracker.HarvestMasks(ref sink);
}

internal readonly struct BytesSubject(DirtyByteMap tracker) : ISubject
{
    public IDirtyTracker Tracker => tracker;

    public void Mark(ulong page) => tracker.Mark(page);

    public bool TryMark(ulong page) => tracker.TryMark(page);

    public void Harvest(ref PageCounter sink) => tracker.HarvestMasks(ref sink);
}

/// <summary>The least that a sink can do and still show that nothing is missing.</summary>
internal struct PageCounter : IDirtyMaskSink
{
    public ulong Pages { get; private set; }

    public void Accept(ulong firstPage, ulong mask) => Pages += ulong.PopCount(mask);
}
