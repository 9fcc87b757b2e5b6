using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Decoding;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>The dirty pages one by one.</summary>
internal readonly struct IndexForm : IWordForm
{
    public static int PlacesAWord => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Write(ulong firstPage, ulong mask, ref ulong places, nuint count, ref ulong end) =>
        count + BitmapDecoder.DecodeMask(mask, firstPage, ref Unsafe.Add(ref places, count));
}
