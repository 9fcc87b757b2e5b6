using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>The first page and the mask, of words that are not 0.</summary>
internal readonly struct MaskForm : IWordForm
{
    public static int PlacesAWord => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref ulong Write(ulong firstPage, ulong mask, ref ulong place, scoped ref ulong state)
    {
        place = firstPage;
        Unsafe.Add(ref place, 1) = mask;
        return ref Unsafe.Add(ref place, mask != 0 ? 2u : 0);
    }
}
