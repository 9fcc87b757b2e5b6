using System.Numerics;
using System.Runtime.CompilerServices;
using CommunityToolkit.HighPerformance.Buffers;
using RingKit.Bitmaps.Operations;
using RingKit.Bitmaps.Operations.Kernels;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Cores;

/// <summary>Looking at all pages without taking any.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    public ulong Count()
    {
        ThrowIfDisposed();
        nuint last = _wordCount - 1;
        ulong count = 0;
        if (typeof(TOrdering) == typeof(HardwareOrdering))
        {
            // Vectors of words that move: each bit counts as it was at some time, which is all that a count promises.
            count = PopCountKernel.Count(in *_words, last);
        }
        else
        {
            for (nuint i = 0; i < last; i++)
                count += (uint)BitOperations.PopCount(TOrdering.LoadRelaxed(ref _words[i]));
        }

        count += (uint)BitOperations.PopCount(TOrdering.LoadRelaxed(ref _words[last]) & _lastWordMask);
        GC.KeepAlive(this);
        return count;
    }

    public void CopyTo(Span<ulong> destination) => CopyTo(destination, 0, Pages);

    public int CopyToKvm(Span<byte> destination) => CopyToKvm(destination, 0, Pages);

    public MemoryOwner<ulong> Snapshot()
    {
        ThrowIfDisposed();
        MemoryOwner<ulong> snapshot = PooledBitmap.Allocate(Pages, "pages");
        CopyTo(snapshot.Span);
        return snapshot;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong LookAt(nuint word) => TOrdering.LoadAcquire(ref _words[word]) & ValidBits(word);      // E4: the stores behind the bits are visible
}
