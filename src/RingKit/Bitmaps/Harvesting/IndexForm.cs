using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Decoding;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>The dirty pages one by one.</summary>
internal readonly struct IndexForm : IWordForm
{
    public static int PlacesAWord => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref ulong Write(ulong firstPage, ulong mask, ref ulong place, scoped ref ulong state) =>
        ref Unsafe.Add(ref place, BitmapDecoder.DecodeMask(mask, firstPage, ref place));
}
