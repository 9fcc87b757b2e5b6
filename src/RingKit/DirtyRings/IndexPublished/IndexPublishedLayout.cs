using RingKit.Memory;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>The shared words of an index-published ring, as offsets into their memory.</summary>
public static class IndexPublishedLayout
{
    /// <summary>Byte offset of avail_index, written by the producer: where it will publish next.</summary>
    public const int AvailIndexOffset = 0;

    /// <summary>Byte offset of fetch_index, written by the harvester: what it will harvest next.</summary>
    /// <param name="layout">The layout.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layout.</exception>
    public static int FetchIndexOffset(IndexLayout layout) => layout switch
    {
        IndexLayout.Separate => CacheLine.Separation,
        IndexLayout.OneLine => sizeof(uint),
        _ => throw new ArgumentOutOfRangeException(nameof(layout), layout, "The layout must be Separate or OneLine."),
    };

    /// <summary>How many 32-bit words the indices span.</summary>
    /// <param name="layout">The layout.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layout.</exception>
    public static int Words(IndexLayout layout) => (FetchIndexOffset(layout) / sizeof(uint)) + 1;
}
