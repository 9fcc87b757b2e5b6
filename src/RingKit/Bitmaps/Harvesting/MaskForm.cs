using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>The first page and the mask, of words that are not 0.</summary>
internal readonly struct MaskForm : IWordForm
{
    public static int PlacesAWord => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Write(ulong firstPage, ulong mask, ref ulong places, nuint count, ref ulong end)
    {
        Unsafe.Add(ref places, count) = firstPage;
        Unsafe.Add(ref places, count + 1) = mask;
        return count + (mask != 0 ? 2u : 0);
    }
}
