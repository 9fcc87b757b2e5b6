using RingKit.Bench.TwoThreads.Ports;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>
/// As many pairs of threads as there are cores, each with a queue of its own: twice as many threads as cores. The time is that for all items, so that a
/// queue which loses nothing by it shows the figure of a single pair.
/// </summary>
internal sealed class Pairs<TPort>(string name, long operations, Func<(TPort Port, IDisposable? Owner)> make) : Contender(name, operations)
    where TPort : struct, IItemPort
{
    private readonly (TPort Port, IDisposable? Owner)[] _pairs = [.. Enumerable.Range(0, Crew.CoreCount).Select(_ => make())];

    public override RunResult Run(long operations)
    {
        long share = operations / _pairs.Length;
        var tallies = new Tally[_pairs.Length];
        var roles = new Action[2 * _pairs.Length];
        for (int i = 0; i < _pairs.Length; i++)
        {
            // The senders on all cores, the first on the first; the receivers on all cores, the first on the second.
            int pair = i;
            int receiver = _pairs.Length + ((pair + 1) % _pairs.Length);
            roles[pair] = () => Handing.Send(_pairs[pair].Port, 0, share);
            roles[receiver] = () => tallies[pair] = Handing.Receive(_pairs[pair].Port, share);
        }

        CrewTime time = Crew.Run(roles);
        return RunResult.Of(time, share * _pairs.Length, tallies.All(tally => tally.Matches(share)));
    }

    public override void Dispose()
    {
        foreach (var (_, owner) in _pairs)
            owner?.Dispose();
    }
}
