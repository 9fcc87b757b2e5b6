using System.Collections.Concurrent;
using RingKit.Bench.Rivals;
using RingKit.Bench.TwoThreads.Contenders;
using RingKit.Bench.TwoThreads.Ports;
using RingKit.Bench.TwoThreads.Running;
using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;
using RingKit.Rings;

namespace RingKit.Bench.TwoThreads;

/// <summary>Every case with its contenders and floors.</summary>
internal sealed class Catalogue : IDisposable
{
    public const int Capacity = 65536;

    // Runs of some 20 to 100 ms: long beside the start of the threads, short enough for all contenders to meet the same neighbours.
    private const long Many = 16 << 20;
    private const long Some = 4 << 20;
    private const long Few = 1 << 20;
    private const int LargeBatch = 1024;
    private const long Trips = 1 << 17;

    private readonly List<Contender> _all = [];
    private readonly NativeRival? _boost;

    public Catalogue(NativeRival? boost)
    {
        _boost = boost;
        Contender spscSingle = Spsc((ring, port) => new SingleItems<SpscPort>("SpscRing", Some, () => port, ring));
        Contender spscBatch = Spsc((ring, port) => new Batches<SpscPort>("SpscRing", Many, () => port, ring));
        Contender mpsc = Mpsc("MpscRing", producers: 2);
        Cases =
        [
            OneByOne(spscSingle),
            InBatches(spscSingle, spscBatch),
            RoundTrip(),
            TwoProducers(mpsc),
            Broadcast(spscBatch),
            DirtyRings(),
            Oversubscribed(spscSingle, mpsc),
        ];
    }

    public Case[] Cases { get; }

    public void Dispose() => _all.ForEach(contender => contender.Dispose());

    private static SpscRing<Item> NewSpsc() => new(Capacity, new RingOptions { WhenFull = FullPolicy.Block });

    private Case OneByOne(Contender spsc)
    {
        Contender channel = Add(Single("Channel", Few, ChannelPort.Make(Capacity, oneWriter: true)));
        Contender queue = Add(Single("ConcurrentQueue", Few, NewQueuePort(producers: 1)));
        Contender? boost = Boost(Some, "single");
        return new Case("one item at a time", "item", Those(spsc, boost, channel, queue),
        [
            .. boost is null ? (Floor[])[] : [Floor.Speed("times boost's speed", 2.5, spsc, boost)],
            Floor.Speed("times Channel's speed", 8, spsc, channel),
            Floor.WorstRun(2, spsc),
        ]);
    }

    private Case InBatches(Contender single, Contender batch)
    {
        Contender inPlace = Spsc((ring, _) => new InPlace("SpscRing, claimed and lent in place", Many, ring));
        return new Case("batches of 64", "item", Those(batch, inPlace, Boost(Many, "batch")),
        [
            Floor.Speed("times its speed one by one", 4, batch, single),
            Floor.WorstRun(2, batch),
            Floor.Speed("in place: times the ring's speed one by one", 4, inPlace, single),
        ]);
    }

    private Case RoundTrip()
    {
        SpscRing<Item>[] rings = [NewSpsc(), NewSpsc(), NewSpsc(), NewSpsc()];
        Contender yielding = Add(new RoundTrips<SpscPort>("SpscRing", Trips, new SpscPort(rings[0]), new SpscPort(rings[1]), rings[..2]));
        Contender busy = Add(new RoundTrips<BusySpscPort>(
            "SpscRing, BusyWait", Trips, new BusySpscPort(rings[2]), new BusySpscPort(rings[3]), rings[2..]));
        Contender channel = Add(new RoundTrips<ChannelPort>(
            "Channel", Trips, ChannelPort.Make(Capacity, oneWriter: true), ChannelPort.Make(Capacity, oneWriter: true)));
        Contender queue = Add(new RoundTrips<ConcurrentQueuePort>("ConcurrentQueue", Trips, NewQueuePort(producers: 1), NewQueuePort(producers: 1)));
        Contender? boost = Boost(Trips, "roundtrip");
        return new Case("round trip of one item", "round trip", Those(yielding, busy, boost, channel, queue),
            boost is null ? [] : [Floor.Speed("times boost's speed", 1, yielding, boost), Floor.Speed("BusyWait: times boost's speed", 1, busy, boost)]);
    }

    private Case TwoProducers(Contender mpsc)
    {
        Contender batches = NewMpsc(ring => new Batches<MpscPort>("MpscRing, batches of 64", Some, () => new MpscPort(ring), ring, producers: 2));
        Contender channel = Add(Single("Channel", Few, ChannelPort.Make(Capacity, oneWriter: false), producers: 2));
        Contender queue = Add(Single("ConcurrentQueue", Few, NewQueuePort(producers: 2), producers: 2));
        return new Case("two producers", "item", [mpsc, batches, channel, queue], [Floor.Speed("times ConcurrentQueue's speed", 3, mpsc, queue)]);
    }

    private Case Broadcast(Contender batch)
    {
        Contender one = Add(new BroadcastBatches("BroadcastRing, one reader", Many, Capacity, readers: 1));
        Contender three = Add(new BroadcastBatches("BroadcastRing, three readers", Some, Capacity, readers: 3));
        return new Case("broadcast in batches of 64", "item, to each reader", [one, three, batch],
        [
            Floor.Speed("one reader: times SpscRing's speed in batches", 0.7, one, batch),
            Floor.Speed("three readers: times SpscRing's speed in batches, each", 0.25, three, batch),
        ]);
    }

    private Case DirtyRings()
    {
        Contender dirty = SlotPublished(Batch.Length);
        Contender larger = SlotPublished(LargeBatch);
        Contender separate = IndexPublished("IndexPublishedDirtyRing, two lines", IndexLayout.Separate);
        Contender oneLine = IndexPublished("IndexPublishedDirtyRing, one line", IndexLayout.OneLine);
        return new Case("dirty ring: one thread pushes, one harvests and resets", "entry", [dirty, larger, separate, oneLine],
        [
            Floor.Rate("by 64: million entries a second", 50, dirty),
            Floor.Rate("by 1024: million entries a second", 50, larger),
            Floor.Speed("two lines: times the speed of one line", 1, separate, oneLine),
        ]);
    }

    private Contender SlotPublished(int batch)
    {
        var ring = new DirtyRing(Capacity);
        return Add(new DirtyEntries<SlotPublishedPort>($"DirtyRing, harvested by {batch}", Some, new SlotPublishedPort(ring), ring, batch));
    }

    // By the default batch: the question is what the line costs, and that is asked most often there.
    private Contender IndexPublished(string name, IndexLayout layout)
    {
        var ring = new IndexPublishedDirtyRing(Capacity, layout: layout);
        return Add(new DirtyEntries<IndexPublishedPort>(name, Some, new IndexPublishedPort(ring), ring, Batch.Length));
    }

    // No floor is agreed upon but that the factor is bounded. With fair turns and no loss it is 1; ten times is taken for a collapse.
    private Case Oversubscribed(Contender spsc, Contender mpsc)
    {
        const double Collapse = 10;
        Contender pairs = Add(new Pairs<SpscPort>("SpscRing, a pair a core", Some, NewSpscPair));
        Contender many = Mpsc("MpscRing, one consumer", producers: (2 * Crew.CoreCount) - 1);
        Contender channels = Add(new Pairs<ChannelPort>("Channel, a pair a core", Few, () => (ChannelPort.Make(Capacity, oneWriter: true), null)));
        Contender queues = Add(new Pairs<ConcurrentQueuePort>("ConcurrentQueue, a pair a core", Few, () => (NewQueuePort(producers: 1), null)));
        return new Case("twice as many threads as cores", "item", [pairs, many, channels, queues],
        [
            Floor.SlowDown("SpscRing: times the time of one pair", Collapse, pairs, spsc),
            Floor.SlowDown("MpscRing: times the time with two producers", Collapse, many, mpsc),
        ]);
    }

    private static (SpscPort Port, IDisposable? Owner) NewSpscPair()
    {
        SpscRing<Item> ring = NewSpsc();
        return (new SpscPort(ring), ring);
    }

    private static ConcurrentQueuePort NewQueuePort(int producers) => new(new ConcurrentQueue<Item>(), Capacity, producers);

    private Contender Spsc(Func<SpscRing<Item>, SpscPort, Contender> make)
    {
        SpscRing<Item> ring = NewSpsc();
        return Add(make(ring, new SpscPort(ring)));
    }

    private Contender Mpsc(string name, int producers) =>
        NewMpsc(ring => new SingleItems<MpscPort>(name, Few, () => new MpscPort(ring), ring, producers));

    private Contender NewMpsc(Func<MpscRing<Item>, Contender> make)
    {
        var ring = new MpscRing<Item>(Capacity, new RingOptions { WhenFull = FullPolicy.Block });
        return Add(make(ring));
    }

    private Contender? Boost(long operations, string mode) =>
        _boost is null ? null : Add(new BoostQueue("boost::lockfree::spsc_queue", operations, _boost, mode));

    private Contender Add(Contender contender)
    {
        _all.Add(contender);
        return contender;
    }

    private static SingleItems<TPort> Single<TPort>(string name, long operations, TPort port, int producers = 1)
        where TPort : struct, IItemPort => new(name, operations, () => port, producers: producers);

    private static Contender[] Those(params Contender?[] contenders) => [.. contenders.OfType<Contender>()];
}
