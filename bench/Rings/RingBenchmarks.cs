using System.Collections.Concurrent;
using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using RingKit.Bench.Reporting;
using RingKit.Bench.TwoThreads;
using RingKit.Rings;

namespace RingKit.Bench.Rings;

/// <summary>What an item costs on one thread, in and out: no line is transferred and nobody waits. The figures are for one item.</summary>
/// <remarks>
/// <see cref="Batch"/> items go in, then as many come out: one by one, as a span, or in place by claim and peek. With 1 each end looks at the other's
/// index for each item, with 64 for each batch. What the rings do between threads is measured by <c>bench threads</c>.
/// </remarks>
public class RingBenchmarks
{
    private const int Capacity = 4096;

    private readonly Channel<Item> _channel = Channel.CreateBounded<Item>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true });

    private readonly ConcurrentQueue<Item> _queue = new();
    private SpscRing<Item> _spsc = null!;
    private MpscRing<Item> _mpsc = null!;
    private BroadcastRing<Item> _broadcast = null!;
    private BroadcastReader<Item> _reader = null!;
    private Item[] _items = [];
    private Item[] _taken = [];

    [Params(1, 64)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _spsc = new SpscRing<Item>(Capacity);
        _mpsc = new MpscRing<Item>(Capacity);
        _broadcast = new BroadcastRing<Item>(Capacity);
        _reader = _broadcast.Join();
        _items = [.. Enumerable.Range(0, Batch).Select(n => new Item((ulong)n))];
        _taken = new Item[Batch];

        // Each way hands all items over, or its figure would mean nothing.
        ulong expected = (ulong)(Capacity / Batch) * _items.Aggregate(0UL, (sum, item) => unchecked(sum + item.Payload));
        Func<ulong>[] all =
        [
            ChannelSingle, ConcurrentQueueSingle, SpscSingle, SpscBatch, SpscInPlace, MpscSingle, MpscBatch, MpscInPlace,
            BroadcastSingle, BroadcastBatch, BroadcastInPlace,
        ];
        foreach (Func<ulong> benchmark in all)
        {
            if (benchmark() != expected)
                throw new InvalidOperationException($"{benchmark.Method.Name} loses items.");
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _reader.Dispose();
        _spsc.Dispose();
        _mpsc.Dispose();
        _broadcast.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Capacity, Baseline = true)]
    public ulong ChannelSingle()
    {
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            foreach (Item item in _items)
                _channel.Writer.TryWrite(item);
            while (_channel.Reader.TryRead(out Item item))
                sum += item.Payload;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Capacity)]
    public ulong ConcurrentQueueSingle()
    {
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            foreach (Item item in _items)
                _queue.Enqueue(item);
            while (_queue.TryDequeue(out Item item))
                sum += item.Payload;
        }

        return sum;
    }

    [AllocatesNothing]
    [Benchmark(OperationsPerInvoke = Capacity)]
    public ulong SpscSingle()
    {
        SpscProducer<Item> producer = _spsc.Producer;
        SpscConsumer<Item> consumer = _spsc.Consumer;
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            foreach (Item item in _items)
                producer.TryPush(item);
            for (int i = 0; i < Batch && consumer.TryPop(out Item item); i++)
                sum += item.Payload;
        }

        return sum;
    }

    [AllocatesNothing]
    [Benchmark(OperationsPerInvoke = Capacity)]
    public ulong SpscBatch()
    {
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            _spsc.Producer.TryPush(_items);
            sum += Sum(_taken.AsSpan(0, _spsc.Consumer.TryPop(_taken)));
        }

        return sum;
    }

    [AllocatesNothing]
    [Benchmark(OperationsPerInvoke = Capacity)]
    public ulong SpscInPlace()
    {
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            Fill(_spsc.Producer.Claim(Batch));
            sum += Drain(_spsc.Consumer.Peek(Batch));
        }

        return sum;
    }

    [AllocatesNothing]
    [Benchmark(OperationsPerInvoke = Capacity)]
    public ulong MpscSingle()
    {
        MpscProducer<Item> producer = _mpsc.Producer;
        MpscConsumer<Item> consumer = _mpsc.Consumer;
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            foreach (Item item in _items)
                producer.TryPush(item);
            for (int i = 0; i < Batch && consumer.TryPop(out Item item); i++)
                sum += item.Payload;
        }

        return sum;
    }

    [AllocatesNothing]
    [Benchmark(OperationsPerInvoke = Capacity)]
    public ulong MpscBatch()
    {
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            _mpsc.Producer.TryPush(_items);
            sum += Sum(_taken.AsSpan(0, _mpsc.Consumer.TryPop(_taken)));
        }

        return sum;
    }

    [AllocatesNothing]
    [Benchmark(OperationsPerInvoke = Capacity)]
    public ulong MpscInPlace()
    {
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            Fill(_mpsc.Producer.Claim(Batch));
            sum += Drain(_mpsc.Consumer.Peek(Batch));
        }

        return sum;
    }

    [AllocatesNothing]
    [Benchmark(OperationsPerInvoke = Capacity)]
    public ulong BroadcastSingle()
    {
        BroadcastWriter<Item> writer = _broadcast.Writer;
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            foreach (Item item in _items)
                writer.TryWrite(item);
            for (int i = 0; i < Batch && _reader.TryRead(out Item item, out _); i++)
                sum += item.Payload;
        }

        return sum;
    }

    [AllocatesNothing]
    [Benchmark(OperationsPerInvoke = Capacity)]
    public ulong BroadcastBatch()
    {
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            _broadcast.Writer.TryWrite(_items);
            sum += Sum(_taken.AsSpan(0, _reader.Read(_taken, out _)));
        }

        return sum;
    }

    [AllocatesNothing]
    [Benchmark(OperationsPerInvoke = Capacity)]
    public ulong BroadcastInPlace()
    {
        ulong sum = 0;
        for (int start = 0; start < Capacity; start += Batch)
        {
            Fill(_broadcast.Writer.Claim(Batch));
            sum += Drain(_reader.Peek(Batch));
        }

        return sum;
    }

    private void Fill(RingClaim<Item> claim)
    {
        _items.AsSpan(0, claim.First.Length).CopyTo(claim.First);
        _items.AsSpan(claim.First.Length, claim.Second.Length).CopyTo(claim.Second);
        claim.Commit(claim.Count);
    }

    private static ulong Drain(RingLoan<Item> loan)
    {
        ulong sum = Sum(loan.First) + Sum(loan.Second);
        loan.Release();
        return sum;
    }

    private static ulong Sum(ReadOnlySpan<Item> items)
    {
        ulong sum = 0;
        foreach (ref readonly Item item in items)
            sum += item.Payload;
        return sum;
    }
}
