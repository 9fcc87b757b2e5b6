using System.Runtime.CompilerServices;
using System.Threading.Channels;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Ports;

/// <summary>A bounded <see cref="Channel{T}"/> in its fastest form for threads: tried until it works, no task ever made.</summary>
internal readonly struct ChannelPort(Channel<Item> channel) : IItemPort
{
    private readonly ChannelWriter<Item> _writer = channel.Writer;
    private readonly ChannelReader<Item> _reader = channel.Reader;

    public static ChannelPort Make(int capacity, bool oneWriter) => new(Channel.CreateBounded<Item>(new BoundedChannelOptions(capacity)
    {
        SingleReader = true,
        SingleWriter = oneWriter,
        FullMode = BoundedChannelFullMode.Wait,
    }));

    public void Push(Item item)
    {
        if (!_writer.TryWrite(item))
            PushSlowly(item);
    }

    public Item Pop() => _reader.TryRead(out Item item) ? item : PopSlowly();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PushSlowly(Item item)
    {
        var idle = default(Idle);
        while (!_writer.TryWrite(item))
            idle.Pass();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Item PopSlowly()
    {
        var idle = default(Idle);
        Item item;
        while (!_reader.TryRead(out item))
            idle.Pass();
        return item;
    }
}
