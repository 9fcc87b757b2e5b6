using RingKit.Properties.Support;
using RingKit.Rings;
using RingKit.Rings.Waiting;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>
/// Twice as many threads as cores hand over fewer items than one pair does, but not fewer by orders of magnitude.
/// </summary>
/// <remarks>
/// What would: a wait that keeps the core for its whole time slice while the thread that it waits for has none. Then a ring's worth of items
/// is handed over in milliseconds, and small rings are slower by a factor of thousands. No figure is claimed here, see bench/README.md: the bounds
/// lie between the two, and far from both.
/// </remarks>
[Collection(RunAlone.Name)]
public sealed class RingCrowd
{
    private const int Capacity = 64;
    private const int Runs = 5;
    private const double MostSlowDown = 50;
    private const double MostSlowDownOfRelays = 200;

    private static readonly TimeSpan RunTime = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan LookForEnd = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly int Pairs = Math.Max(2, Environment.ProcessorCount);

    [Fact]
    public void Pairs_that_yield() => Check("SPSC pairs that yield", Together<YieldingWait>(1), Together<YieldingWait>(Pairs), MostSlowDown);

    [Fact]
    public void Pairs_that_sleep() => Check("SPSC pairs that sleep", Together<BlockingWait>(1), Together<BlockingWait>(Pairs), MostSlowDown);

    [Fact]
    public void Many_producers_that_yield() => Check(
        "MPSC producers that yield", IntoOne<YieldingWait>(1), IntoOne<YieldingWait>((2 * Pairs) - 1), MostSlowDown);

    [Fact]
    public void Many_producers_that_sleep() => Check(
        "MPSC producers that sleep", IntoOne<BlockingWait>(1), IntoOne<BlockingWait>((2 * Pairs) - 1), MostSlowDown);

    // Each thread but the ends waits on both sides, and whichever few of them have a core are soon stuck.
    [Fact]
    public void A_relay_that_yields() => Check("relay that yields", Relay<YieldingWait>(2), Relay<YieldingWait>(2 * Pairs), MostSlowDownOfRelays);

    [Fact]
    public void A_relay_that_sleeps() => Check("relay that sleeps", Relay<BlockingWait>(2), Relay<BlockingWait>(2 * Pairs), MostSlowDownOfRelays);

    // BusyWait says of itself that it wants a core for each thread: this is what the others would do if they kept theirs. It still gets on.
    [Fact]
    public void A_relay_that_spins() => Check("relay that spins", Relay<BusyWait>(2), Relay<BusyWait>(2 * Pairs), double.PositiveInfinity);

    private static void Check(string name, Func<long> pair, Func<long> crowd, double most)
    {
        pair();
        double[] slowDowns = new double[Runs];
        long handedOver = 0;
        var rates = new List<string>();
        for (int run = 0; run < Runs; run++)
        {
            long alone = pair(), together = crowd();
            handedOver += together;
            slowDowns[run] = (double)alone / Math.Max(together, 1);
            rates.Add($"{alone / RunTime.TotalMicroseconds:N3}/{together / RunTime.TotalMicroseconds:N3}");
        }

        Array.Sort(slowDowns);
        Report.Line(
            $"RingCrowd: {name}: slow-down {slowDowns[Runs / 2]:N1} ({slowDowns[0]:N1} to {slowDowns[^1]:N1}), "
            + $"million items a second alone/together {string.Join(' ', rates)}");
        Assert.NotEqual(0, handedOver);
        Assert.True(slowDowns[Runs / 2] < most, $"{name}: slower by {slowDowns[Runs / 2]:N0}, and at most {most} is allowed.");
    }

    // Pairs with a ring each: how many items all of them handed over.
    private static Func<long> Together<TWait>(int pairs)
        where TWait : struct, IWaitStrategy => () =>
    {
        SpscRing<Item>[] rings = [.. Enumerable.Range(0, pairs).Select(_ => new SpscRing<Item>(Capacity, OptionsOf<TWait>()))];
        long total = RunFor(
            rings.Select(ring => (Action<Func<bool>>)(isOver => Produce(
                isOver, (ref readonly Item item) => ring.Producer.Push<TWait>([item], LookForEnd)))),
            rings.Select(ring => (Func<Func<bool>, long>)(isOver => Consume<TWait>(isOver, ring, _ => { }))));
        foreach (SpscRing<Item> ring in rings)
            ring.Dispose();
        return total;
    };

    private static Func<long> IntoOne<TWait>(int producers)
        where TWait : struct, IWaitStrategy => () =>
    {
        using var ring = new MpscRing<Item>(Capacity, OptionsOf<TWait>());
        return RunFor(
            Enumerable.Range(0, producers).Select(_ => (Action<Func<bool>>)(isOver => Produce(
                isOver, (ref readonly Item item) => ring.Producer.Push<TWait>([item], LookForEnd)))),
            [
                isOver =>
                {
                    long taken = 0;
                    while (!isOver())
                    {
                        if (ring.Consumer.WaitForItems<TWait>(LookForEnd) != WaitOutcome.Ready)
                            continue;
                        for (; ring.Consumer.TryPop(out Item item); taken++)
                            Assert.True(item.IsWhole);
                    }

                    return taken;
                },
            ]);
    };

    // Threads in a row, a ring between each two: how many items came out at the end.
    private static Func<long> Relay<TWait>(int threads)
        where TWait : struct, IWaitStrategy => () =>
    {
        SpscRing<Item>[] rings = [.. Enumerable.Range(1, threads - 1).Select(_ => new SpscRing<Item>(Capacity, OptionsOf<TWait>()))];
        long total = RunFor(
            [
                isOver => Produce(isOver, (ref readonly Item item) => rings[0].Producer.Push<TWait>([item], LookForEnd)),
                .. rings.Zip(rings[1..], (from, to) => (Action<Func<bool>>)(isOver => Consume<TWait>(isOver, from, item =>
                {
                    while (!isOver() && to.Producer.Push<TWait>([item], LookForEnd) == 0)
                    {
                    }
                }))),
            ],
            [isOver => Consume<TWait>(isOver, rings[^1], _ => { })]);
        foreach (SpscRing<Item> ring in rings)
            ring.Dispose();
        return total;
    };

    private static long Consume<TWait>(Func<bool> isOver, SpscRing<Item> ring, Action<Item> pass)
        where TWait : struct, IWaitStrategy
    {
        ulong taken = 0;
        while (!isOver())
        {
            if (ring.Consumer.WaitForItems<TWait>(LookForEnd) != WaitOutcome.Ready)
                continue;
            while (!isOver() && ring.Consumer.TryPop(out Item item))
            {
                item.MustBe(taken++);
                pass(item);
            }
        }

        return (long)taken;
    }

    private delegate int PushOne(ref readonly Item item);

    private static void Produce(Func<bool> isOver, PushOne push)
    {
        for (ulong next = 0; !isOver();)
        {
            var item = new Item(next);
            next += (uint)push(in item);
        }
    }

    private static RingOptions OptionsOf<TWait>()
        where TWait : struct, IWaitStrategy => new() { WhenFull = FullPolicy.Block, CanSleep = typeof(TWait) == typeof(BlockingWait) };

    private static long RunFor(IEnumerable<Action<Func<bool>>> producers, IEnumerable<Func<Func<bool>, long>> consumers)
    {
        long total = 0;
        bool isOver = false;
        bool IsOver() => Volatile.Read(ref isOver);
        var watch = ("clock", (Action)(() =>
        {
            Thread.Sleep(RunTime);
            Volatile.Write(ref isOver, true);
        }));
        new Crew(Deadline).Run(
        [
            watch,
            .. producers.Select((produce, n) => ($"producer {n}", (Action)(() => produce(IsOver)))),
            .. consumers.Select((consume, n) => ($"consumer {n}", (Action)(() => Interlocked.Add(ref total, consume(IsOver))))),
        ]);
        return total;
    }
}
