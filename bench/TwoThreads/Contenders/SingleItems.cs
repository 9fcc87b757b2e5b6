using RingKit.Bench.TwoThreads.Ports;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>One item at a time, from one producer or several to one consumer.</summary>
internal sealed class SingleItems<TPort>(string name, long operations, Func<TPort> portOfThread, IDisposable? owner = null, int producers = 1)
    : Contender(name, operations)
    where TPort : struct, IItemPort
{
    public override RunResult Run(long operations)
    {
        long share = operations / producers;
        Tally tally = default;
        var roles = new Action[producers + 1];
        for (int producer = 0; producer < producers; producer++)
        {
            ulong first = (ulong)(producer * share);
            roles[producer] = () => Handing.Send(portOfThread(), first, share);
        }

        roles[producers] = () => tally = Handing.Receive(portOfThread(), share * producers);
        CrewTime time = Crew.Run(roles);
        return RunResult.Of(time, share * producers, tally.Matches(share * producers));
    }

    public override void Dispose() => owner?.Dispose();
}
