using RingKit.Bench.TwoThreads.Ports;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>Batches of <see cref="Batch.Length"/> items, copied in and out, from one producer or several to one consumer.</summary>
internal sealed class Batches<TPort>(string name, long operations, Func<TPort> portOfThread, IDisposable owner, int producers = 1)
    : Contender(name, operations)
    where TPort : struct, IBatchPort
{
    public override RunResult Run(long operations)
    {
        long share = operations / producers / Batch.Length * Batch.Length;
        Tally tally = default;
        var roles = new Action[producers + 1];
        for (int producer = 0; producer < producers; producer++)
        {
            ulong first = (ulong)(producer * share);
            roles[producer] = () => Handing.SendBatches(portOfThread(), first, share);
        }

        roles[producers] = () => tally = Handing.ReceiveBatches(portOfThread(), share * producers);
        CrewTime time = Crew.Run(roles);
        return RunResult.Of(time, share * producers, tally.Matches(share * producers));
    }

    public override void Dispose() => owner.Dispose();
}
