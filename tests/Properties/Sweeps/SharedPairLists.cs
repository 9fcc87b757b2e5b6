using RingKit.Sweeps;

namespace RingKit.Properties.Sweeps;

/// <summary>One pair of lists for all the copies of a parallel sweep's sink, behind a lock; sorted, since parts come in any order.</summary>
internal sealed class SharedPairLists
{
    private readonly Lock _lock = new();
    private readonly List<ulong> _candidates = [];
    private readonly List<ulong> _lookAgain = [];

    public IEnumerable<ulong> Candidates => _candidates.Order();

    public IEnumerable<ulong> LookAgain => _lookAgain.Order();

    public CopiedSink Sink => new(this);

    internal readonly struct CopiedSink(SharedPairLists lists) : IPairSink
    {
        void IPairSink.Accept(ulong firstPair, ulong candidates, ulong lookAgain)
        {
            IPairSink own = new PairLists(lists._candidates, lists._lookAgain);
            lock (lists._lock)
                own.Accept(firstPair, candidates, lookAgain);
        }
    }
}
