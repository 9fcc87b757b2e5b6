using RingKit.Bench.Rivals;
using RingKit.Ordering;

namespace RingKit.Bench.HashTable;

/// <summary>
/// Reads memory with two threads, of which the second waits for its half without ever sleeping: what a second core can bring at most, no matter how threads
/// are woken.
/// </summary>
internal sealed unsafe class TwoReaders : IDisposable
{
    private const ulong Stop = ulong.MaxValue;

    private readonly Thread _second;
    private ulong* _words;
    private nuint _length;
    private ulong _result;
    private ulong _asked;
    private ulong _done;

    public TwoReaders()
    {
        _second = new Thread(Serve) { IsBackground = true };
        _second.Start();
    }

    /// <summary>The or of all words, which must not move.</summary>
    public ulong Read(ref readonly ulong words, nuint length)
    {
        // Invariant: the second thread reads only until it says that it is done, and is waited for.
        fixed (ulong* first = &words)
        {
            nuint half = length / 2;
            _words = first + half;
            _length = length - half;
            ulong round = _done + 1;
            HardwareOrdering.StoreRelease(ref _asked, round);
            ulong result = ReadKernel.OrAll(in *first, half);
            while (HardwareOrdering.LoadAcquire(in _done) != round)
                HardwareOrdering.Pause();
            return result | _result;
        }
    }

    public void Dispose()
    {
        HardwareOrdering.StoreRelease(ref _asked, Stop);
        _second.Join();
    }

    private void Serve()
    {
        for (ulong round = 1; ; round++)
        {
            ulong asked;
            while ((asked = HardwareOrdering.LoadAcquire(in _asked)) != round)
            {
                if (asked == Stop)
                    return;
                HardwareOrdering.Pause();
            }

            _result = ReadKernel.OrAll(in *_words, _length);
            HardwareOrdering.StoreRelease(ref _done, round);
        }
    }
}
