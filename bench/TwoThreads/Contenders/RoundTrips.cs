using RingKit.Bench.TwoThreads.Ports;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>One item goes there by one queue and comes back by another; nothing else is in flight.</summary>
internal sealed class RoundTrips<TPort>(string name, long operations, TPort there, TPort back, params IDisposable[] owners)
    : Contender(name, operations)
    where TPort : struct, IItemPort
{
    public override RunResult Run(long operations)
    {
        Tally tally = default;
        CrewTime time = Crew.Run(() => tally = Ask(there, back, operations), () => Answer(there, back, operations));
        return RunResult.Of(time, operations, tally.Matches(operations));
    }

    public override void Dispose()
    {
        foreach (IDisposable owner in owners)
            owner.Dispose();
    }

    private static Tally Ask(TPort there, TPort back, long count)
    {
        Tally tally = default;
        for (ulong sequence = 0; sequence != (ulong)count; sequence++)
        {
            there.Push(new Item(sequence));
            tally.Add(back.Pop());
        }

        return tally;
    }

    private static void Answer(TPort there, TPort back, long count)
    {
        for (long i = 0; i < count; i++)
            back.Push(there.Pop());
    }
}
