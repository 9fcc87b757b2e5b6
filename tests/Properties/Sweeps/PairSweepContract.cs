using System.Buffers.Binary;
using System.Runtime.InteropServices;
using RingKit.Memory;
using RingKit.Properties.Support;
using RingKit.Sweeps;
using Xunit;

namespace RingKit.Properties.Sweeps;

/// <summary>Arguments, failing sinks, disposal, layout, allocation.</summary>
public sealed class PairSweepContract
{
    private static readonly PairFilter Lowest = new(1, 1);

    [Fact]
    public void A_cursor_outside_and_a_destination_without_room_are_refused_by_name_and_move_nothing()
    {
        using var block = new NativeBlock<WordPair>(100);
        WordPair[] pairs = new WordPair[100];
        ulong cursor = 101;
        var outside = Assert.Throws<ArgumentOutOfRangeException>(() => PairSweep.Find(block.View, Lowest, new ulong[1], ref cursor));
        Assert.Equal("cursor", outside.ParamName);
        Assert.Contains("from 0 to 100", outside.Message, StringComparison.Ordinal);
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => PairSweep.Find(pairs, Lowest, new ulong[1], ref cursor)).ParamName);
        Assert.Equal(101ul, cursor);

        cursor = 50;
        Assert.Equal("destination", Assert.Throws<ArgumentException>(() => PairSweep.Find(block.View, Lowest, [], ref cursor)).ParamName);
        Assert.Equal("destination", Assert.Throws<ArgumentException>(() => PairSweep.Find(pairs, Lowest, [], ref cursor)).ParamName);
        Assert.Equal(50ul, cursor);

        cursor = 100;
        Assert.Equal(0, PairSweep.Find(block.View, Lowest, new ulong[1], ref cursor));
        Assert.Equal(100ul, cursor);
    }

    [Fact]
    public void Words_that_are_not_aligned_are_refused()
    {
        byte[] bytes = GC.AllocateArray<byte>(16 * 20, pinned: true);
        foreach (int offset in (int[])[1, 2, 4, 7])
        {
            Assert.Equal("pairs", Assert.Throws<ArgumentException>(() => PairSweep.Count(Pairs(offset), Lowest)).ParamName);
            Assert.Equal("pairs", Assert.Throws<ArgumentException>(() =>
            {
                var sink = new PairLists([], []);
                PairSweep.Sweep(Pairs(offset), Lowest, ref sink);
            }).ParamName);
            Assert.Equal("pairs", Assert.Throws<ArgumentException>(() =>
            {
                ulong cursor = 0;
                PairSweep.Find(Pairs(offset), Lowest, new ulong[1], ref cursor);
            }).ParamName);
        }

        Assert.Equal(default, PairSweep.Count(Pairs(8), Lowest));

        ReadOnlySpan<WordPair> Pairs(int offset) => MemoryMarshal.Cast<byte, WordPair>(bytes.AsSpan(offset));
    }

    [Fact]
    public void An_empty_table_has_no_pairs()
    {
        using var block = new NativeBlock<WordPair>(0);
        ulong cursor = 0;
        var sink = new PairLists([], []);
        foreach (NativeView<WordPair> view in new[] { block.View, default })
        {
            Assert.Equal(default, PairSweep.Count(view, default));
            Assert.Equal(default, PairSweep.CountParallel(view, default));
            Assert.Equal(0, PairSweep.Find(view, default, new ulong[1], ref cursor));
            PairSweep.Sweep(view, default, ref sink);
            PairSweep.SweepParallel(view, default, sink);
        }

        Assert.Equal(default, PairSweep.Count([], default));
        Assert.Equal(0, PairSweep.Find([], default, new ulong[1], ref cursor));
        PairSweep.Sweep([], default, ref sink);
        Assert.Empty(sink.Candidates);
    }

    [Fact]
    public void A_disposed_table_says_so()
    {
        var block = new NativeBlock<WordPair>(100);
        NativeView<WordPair> view = block.View;
        block.Dispose();
        ulong cursor = 0;
        var sink = new PairLists([], []);
        Assert.Throws<ObjectDisposedException>(() => PairSweep.Count(view, Lowest));
        Assert.Throws<ObjectDisposedException>(() => PairSweep.CountParallel(view, Lowest));
        Assert.Throws<ObjectDisposedException>(() => PairSweep.Find(view, Lowest, new ulong[1], ref cursor));
        Assert.Throws<ObjectDisposedException>(() => PairSweep.Sweep(view, Lowest, ref sink));
        Assert.Throws<ObjectDisposedException>(() => PairSweep.SweepParallel(view, Lowest, sink));
    }

    [Fact]
    public void A_table_that_is_disposed_meanwhile_stays_until_the_sweep_is_over()
    {
        var block = new NativeBlock<WordPair>(1000);
        var sink = new DisposingSink(block);
        PairSweep.Sweep(block.View, default, ref sink);
        Assert.Equal(1000ul, sink.Pairs);
        Assert.Throws<ObjectDisposedException>(() => block.View);
    }

    [Fact]
    public void What_a_sink_throws_ends_the_sweep_and_reaches_the_caller()
    {
        using var block = new NativeBlock<WordPair>(18 << 16);
        var sink = new FailingSink(new List<ulong>());
        Assert.Throws<IOException>(() => PairSweep.Sweep(block.View, default, ref sink));
        Assert.Equal([0ul, 64], sink.Groups);
        Assert.Throws<IOException>(() => PairSweep.SweepParallel(block.View.Slice(0, 4 << 16), default, sink));
        var failure = Assert.Throws<AggregateException>(() => PairSweep.SweepParallel(block.View, default, default(FailingSink)));
        Assert.All(failure.Flatten().InnerExceptions, inner => Assert.IsType<NullReferenceException>(inner));
    }

    [Fact]
    public void Masks_for_big_endian_words_are_swapped_once()
    {
        var filter = PairFilter.ForBigEndian(first: 0x1, second: 0x80, againFirst: 0x40, againSecond: 0x8000_0000_0000_0000);
        byte[] bytes = new byte[64];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, 0x1);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), 0x80);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(32), 0x40);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(40), 0x8000_0000_0000_0000);
        var sink = new PairLists([], []);
        PairSweep.Sweep(MemoryMarshal.Cast<byte, WordPair>(bytes), filter, ref sink);
        Assert.Equal([0ul], sink.Candidates);
        Assert.Equal([2ul], sink.LookAgain);
    }

    [Fact]
    public unsafe void A_pair_is_16_bytes_the_first_word_first()
    {
        Assert.Equal(WordPair.SizeInBytes, sizeof(WordPair));
        Assert.Equal([1ul, 2], MemoryMarshal.Cast<WordPair, ulong>([new WordPair(1, 2)]).ToArray());
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using var block = new NativeBlock<WordPair>(100_000);
        ulong[] destination = new ulong[1000];
        Assert.Equal(0, Allocated.By(() =>
        {
            ulong cursor = 0;
            while (cursor < block.Length)
                PairSweep.Find(block.View, default, destination, ref cursor);
            var sink = new DisposingSink(null);
            PairSweep.Sweep(block.View, default, ref sink);
            PairSweep.Sweep(block.View.AsSpan(), default, ref sink);
            PairSweep.Count(block.View, Lowest);
        }));
    }

    private struct DisposingSink(NativeBlock<WordPair>? block) : IPairSink
    {
        public ulong Pairs { get; private set; }

        void IPairSink.Accept(ulong firstPair, ulong candidates, ulong lookAgain)
        {
            block?.Dispose();
            Pairs += ulong.PopCount(candidates);
        }
    }

    private readonly struct FailingSink(List<ulong> groups) : IPairSink
    {
        public IReadOnlyList<ulong> Groups => groups;

        void IPairSink.Accept(ulong firstPair, ulong candidates, ulong lookAgain)
        {
            groups.Add(firstPair);
            if (groups.Count >= 2)
                throw new IOException("planted");
        }
    }
}
