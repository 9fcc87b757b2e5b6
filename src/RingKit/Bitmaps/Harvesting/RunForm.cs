using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Decoding;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>
/// The pages at which dirty and clean change: even places hold the first page of a run, odd ones the page behind it. If their number is odd, the
/// last run is open: it reaches as far as the last word, and the next one may prolong it.
/// </summary>
/// <remarks>
/// A mask exclusive-or itself shifted by one has these places, which are decoded like any other bits: no branch depends on how the
/// pages lie within a word.
/// </remarks>
internal readonly struct RunForm : IWordForm
{
    /// <summary>What stands for the page behind an open run where there is none; the state before the first word.</summary>
    public const ulong NoOpenRun = ulong.MaxValue;

    // The end of a run before the word, and 64 changes.
    public static int PlacesAWord => 65;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref ulong Write(ulong firstPage, ulong mask, ref ulong place, scoped ref ulong state)
    {
        // The state is the page behind the open run.
        ulong goesOn = state == firstPage ? 1UL : 0;
        if (state != NoOpenRun && state != firstPage)
        {
            place = state;
            place = ref Unsafe.Add(ref place, 1);
        }

        state = (firstPage + 64) | ~(ulong)((long)mask >> 63);
        return ref Unsafe.Add(ref place, BitmapDecoder.DecodeMask(mask ^ (mask << 1 | goesOn), firstPage, ref place));
    }
}
