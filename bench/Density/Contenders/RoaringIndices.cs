using RingKit.Bench.Rivals;
using RingKit.Memory;

namespace RingKit.Bench.Density.Contenders;

/// <summary>CRoaring: writes the indices of a compressed bitmap, and leaves the bits where they are.</summary>
/// <remarks>
/// It only writes all indices at once. A bitmap with few dirty pages is one compressed bitmap; one with many is a row of them, so that all write into one
/// buffer that stays in the cache, as ours do.
/// </remarks>
internal sealed class RoaringIndices(Roaring roaring, NativeView<ulong> words) : Contender("CRoaring", (int)words.Length)
{
    private const int MostIndices = 1 << 18;
    private const int PartWords = MostIndices / 64;
    private const int MostWarmedWords = 1 << 17;

    private readonly uint[] _indices = new uint[MostIndices + 64];
    private nint[][] _windows = [];

    public override void Prepare(DirtyWords dirty)
    {
        Free();
        bool isWhole = dirty.Share * Words * 64 < MostIndices / 2 || Words <= PartWords;
        _windows = new nint[Windows][];
        for (int window = 0; window < _windows.Length; window++)
        {
            Span<ulong> all = words.AsSpan();
            dirty.CopyTo(all, window);
            nint[] parts = new nint[isWhole ? 1 : Words / PartWords];
            for (int part = 0; part < parts.Length; part++)
            {
                // The pattern repeats, and a copy is made sooner.
                int first = part - (DirtyWords.Length / PartWords);
                parts[part] = isWhole ? roaring.Make(all) : first >= 0 ? roaring.Copy(parts[first]) : roaring.Make(all.Slice(part * PartWords, PartWords));
            }

            _windows[window] = parts;
        }
    }

    // What the others restore is in the cache afterwards as far as it fits.
    public override void Restore(int window)
    {
        if (Words <= MostWarmedWords)
            Find(window);
    }

    public override long Find(int window)
    {
        ulong count = 0;
        foreach (nint part in _windows[window])
            count += roaring.Decode(part, _indices);
        return (long)count;
    }

    protected override void Release() => Free();

    private void Free()
    {
        foreach (nint part in _windows.SelectMany(parts => parts))
            roaring.Free(part);
        _windows = [];
    }
}
