using RingKit.Bitmaps;
using RingKit.Bitmaps.Bytes;
using RingKit.Bitmaps.Growing;
using RingKit.Bitmaps.Listing;
using RingKit.Bitmaps.Summary;
using Xunit;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>Makes trackers, and says what each promises beyond the contract.</summary>
internal static class TrackersUnderTest
{
    public static TheoryData<TrackerKind> All => [.. Enum.GetValues<TrackerKind>()];

    public static IDirtyTracker Make(TrackerKind kind, ulong pages) => kind switch
    {
        TrackerKind.Bitmap => new DirtyBitmap(pages),
        TrackerKind.SummaryBitmap => new SummaryBitmap(pages),
        TrackerKind.ByteMap => new DirtyByteMap(pages),
        TrackerKind.List => new DirtyList(pages),
        TrackerKind.Grown => Grown(pages),
        _ => new DirtyList(pages, capacity: 2),
    };

    /// <summary>Whether harvests are ascending, and runs as long as they get.</summary>
    public static bool IsAscending(TrackerKind kind) => kind is not (TrackerKind.List or TrackerKind.ShortList);

    public static bool[] Read(IDirtyTracker tracker)
    {
        bool[] pages = new bool[tracker.Pages];
        for (int page = 0; page < pages.Length; page++)
            pages[page] = tracker.IsDirty((ulong)page);
        return pages;
    }

    public static void Mark(IDirtyTracker tracker, bool[] model)
    {
        foreach (ulong page in BitmapModel.Pages(model))
            tracker.Mark(page);
    }

    private static GrowingDirtyBitmap Grown(ulong pages)
    {
        ulong maximum = Math.Max(pages, Math.Min(pages, DirtyBitmap.MaximumPages / 2) * 2);
        var bitmap = new GrowingDirtyBitmap(pages is 0 or > DirtyBitmap.MaximumPages ? pages : (pages / 2) + 1, maximum);
        bitmap.Grow(pages);
        return bitmap;
    }
}
