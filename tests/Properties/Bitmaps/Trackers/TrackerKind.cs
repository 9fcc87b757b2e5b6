namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>The trackers behind one contract.</summary>
public enum TrackerKind
{
    Bitmap,
    SummaryBitmap,
    ByteMap,
    List,

    /// <summary>A list whose log is full after two words.</summary>
    ShortList,

    /// <summary>A growing bitmap that has grown.</summary>
    Grown,
}
