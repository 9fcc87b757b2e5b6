using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Cores;
using RingKit.Bitmaps.Operations;
using RingKit.Ordering;

namespace RingKit.Bitmaps;

/// <summary>The dirty pages of a bitmap, run by run, for <c>foreach</c>: no sink, no delegate, no allocation.</summary>
/// <remarks>
/// Ascending, and joined across words. <see cref="DirtyBitmap.TakeRuns()"/> takes words a few ahead of the loop; what was taken and not reached,
/// since the loop was left early, is dirty again. The run that the loop is in when it is left, or fails, counts as delivered: a loop that
/// cannot use it marks it again. <see cref="Phases.DirtyTake.HeldRuns()"/> takes nothing.
/// <para>
/// Thread role: a harvest of the bitmap, in the role of its harvesting thread, until the loop has ended. Each <c>foreach</c> starts anew, and
/// takes what is dirty then.
/// </para>
/// </remarks>
public readonly struct DirtyRuns
{
    private readonly DirtyBitmapCore<HardwareOrdering> _bitmap;
    private readonly ulong _first;
    private readonly ulong _end;
    private readonly bool _takes;

    internal DirtyRuns(DirtyBitmapCore<HardwareOrdering> bitmap, ulong first, ulong count, bool takes)
    {
        bitmap.ThrowIfDisposed();
        _bitmap = bitmap;
        _first = first;
        _end = bitmap.EndOf(first, count);
        _takes = takes;
    }

    /// <summary>Starts a loop.</summary>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public Enumerator GetEnumerator() => new(_bitmap, _bitmap.PartOf(_first, _end, ulong.MaxValue), _takes);

    /// <summary>Where a loop is.</summary>
    /// <remarks>Thread role: one thread. <c>foreach</c> disposes it; who does without has to, or the pages taken ahead are lost.</remarks>
    public ref struct Enumerator : IDisposable
    {
        private const int WordsAhead = 32;

        private readonly DirtyBitmapCore<HardwareOrdering> _bitmap;
        private readonly bool _takes;

        // What is left of the word that the loop is in.
        private ulong _firstPage;
        private ulong _mask;

        private int _next;
        private int _count;
        private Batch _batch;
        private DirtyBitmapCore<HardwareOrdering>.Part _part;

        internal Enumerator(DirtyBitmapCore<HardwareOrdering> bitmap, DirtyBitmapCore<HardwareOrdering>.Part part, bool takes)
        {
            _bitmap = bitmap;
            _part = part;
            _takes = takes;
        }

        /// <summary>The run that the loop is in: first page and number of pages.</summary>
        public BitRun Current { get; private set; }

        /// <summary>Goes on to the next run.</summary>
        /// <returns>False if there is none.</returns>
        /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
        public bool MoveNext()
        {
            if (_mask == 0 && !NextWord())
                return false;

            int first = BitOperations.TrailingZeroCount(_mask);
            ulong start = _firstPage + (uint)first;
            ulong carried = _mask + (1UL << first);
            if (carried == 0)
            {
                Current = new BitRun(start, EndBeyondWord() - start);
                return true;
            }

            Current = new BitRun(start, (uint)(BitOperations.TrailingZeroCount(carried) - first));
            _mask &= carried;
            return true;
        }

        /// <summary>Ends the loop: what was taken and not reached is dirty again.</summary>
        public void Dispose()
        {
            if (_takes && _count != 0)
            {
                _bitmap.PutBack(_firstPage, _mask);
                _bitmap.PutBackAll(_batch[_next.._count]);
            }

            _mask = 0;
            _next = _count = 0;
            _part.Room = 0;
        }

        // The end of a run that reaches the end of its word, and may go on in the next one.
        private ulong EndBeyondWord()
        {
            while (true)
            {
                ulong end = _firstPage + 64;
                if (!NextWord() || _firstPage != end)
                    return end;

                int joined = BitOperations.TrailingZeroCount(~_mask);
                if (joined != 64)
                {
                    _mask &= ulong.MaxValue << joined;
                    return end + (uint)joined;
                }
            }
        }

        private bool NextWord()
        {
            _bitmap.ThrowIfDisposed();
            if (_next == _count && !NextBatch())
                return false;
            (_firstPage, _mask) = _batch[_next++];
            return true;
        }

        private bool NextBatch()
        {
            _mask = 0;
            _next = 0;
            _count = _bitmap.NextBatch(ref _part, _takes, _batch);
            GC.KeepAlive(_bitmap);
            return _count != 0;
        }

        [InlineArray(WordsAhead)]
        private struct Batch
        {
            private (ulong FirstPage, ulong Mask) _word;
        }
    }
}
