using RingKit.Bitmaps;

namespace RingKit.Properties.Bitmaps;

/// <summary>Collects masks.</summary>
internal struct MaskList(List<(ulong FirstPage, ulong Mask)> masks) : IDirtyMaskSink
{
    public readonly void Accept(ulong firstPage, ulong mask) => masks.Add((firstPage, mask));
}
