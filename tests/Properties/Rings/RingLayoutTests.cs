using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RingKit.Memory;
using RingKit.Rings;
using RingKit.Rings.Cores;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>The shared layout, byte by byte; and what a stranger in the memory can do.</summary>
public sealed class RingLayoutTests
{
    [Fact]
    public void The_contract_is_what_it_was()
    {
        // Other processes have these numbers compiled in. A change is a new version.
        Assert.Equal("RINGKIT\0"u8.ToArray(), BitConverter.GetBytes(SharedRingLayout.Magic));
        Assert.Equal(1u, SharedRingLayout.Version);
        Assert.Equal((1u, 2u, 3u), (SharedRingLayout.KindSpsc, SharedRingLayout.KindMpsc, SharedRingLayout.KindBroadcast));
        Assert.Equal((0, 8, 12), (SharedRingLayout.MagicOffset, SharedRingLayout.VersionOffset, SharedRingLayout.KindOffset));
        Assert.Equal((16, 20), (SharedRingLayout.ItemSizeOffset, SharedRingLayout.PolicyOffset));
        Assert.Equal((24, 32), (SharedRingLayout.CapacityOffset, SharedRingLayout.CursorCountOffset));
        Assert.Equal((128, 256), (SharedRingLayout.TailOffset, SharedRingLayout.HeadOffset));
        Assert.Equal((384, 512), (SharedRingLayout.KnownHeadOffset, SharedRingLayout.CursorsOffset));
        Assert.Equal((512u, 512u + (3 * 128)), (SharedRingLayout.StampsOffset(0), SharedRingLayout.StampsOffset(3)));
        Assert.Equal((512u, 640u, 1024u), (
            SharedRingLayout.ItemsOffset(1, 64, 0), SharedRingLayout.ItemsOffset(2, 8, 0), SharedRingLayout.ItemsOffset(3, 64, 4)));
        Assert.Equal(640u + (8 * 24), SharedRingLayout.Length(2, 24, 8, 0));
    }

    [Fact]
    public void What_different_ends_write_lies_128_bytes_apart()
    {
        int[] offsets =
        [
            SharedRingLayout.MagicOffset, SharedRingLayout.TailOffset, SharedRingLayout.HeadOffset, SharedRingLayout.KnownHeadOffset,
            SharedRingLayout.CursorsOffset,
        ];
        Assert.All(offsets.Zip(offsets[1..]), pair => Assert.True(pair.Second - pair.First >= 128));
        Assert.All(offsets, offset => Assert.Equal(0, offset % 128));
        Assert.Equal(128, Unsafe.SizeOf<RoleLine>());
        foreach (FieldInfo field in typeof(RoleLine).GetFields(BindingFlags.Instance | BindingFlags.Public))
            Assert.InRange((int)Marshal.OffsetOf<RoleLine>(field.Name), 0, 127);
    }

    [Fact]
    public void Bytes_in_memory_are_what_the_contract_says()
    {
        using var memory = new RingMemory(SharedRingLayout.KindSpsc, 8);
        using var ring = SpscRing<Item>.Attach(memory.View);
        ring.Producer.TryPush([new Item(7), new Item(8), new Item(9)]);
        ring.Consumer.TryPop(out _);
        Span<byte> bytes = memory.View.AsSpan();
        Assert.Equal([.. "RINGKIT\0"u8, 1, 0, 0, 0, 1, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0], bytes[..32].ToArray());
        Assert.Equal((3UL, 1UL), (memory.Word(SharedRingLayout.TailOffset), memory.Word(SharedRingLayout.HeadOffset)));
        Assert.Equal(8UL, memory.Word(512 + 24));
        ring.Producer.Complete();
        Assert.Equal(3UL | (1UL << 63), memory.Word(SharedRingLayout.TailOffset));
    }

    [Theory]
    [InlineData(0, 0x1234UL, "magic")]
    [InlineData(8, 2UL, "version 2")]
    [InlineData(8, 1UL | (3UL << 32), "kind 3")]
    [InlineData(16, 16UL, "16 bytes")]
    [InlineData(16, 24UL | (9UL << 32), "policy 9")]
    [InlineData(24, 7UL, "capacity of 7")]
    [InlineData(24, 0UL, "capacity of 0")]
    [InlineData(24, 1UL << 40, "capacity")]
    [InlineData(24, 16UL, "memory ends")]
    [InlineData(32, 1UL, "cursors")]
    [InlineData(128, 9UL, "tail 9")]
    [InlineData(256, 1UL, "head 1")]
    public void A_ring_that_is_none_is_refused_with_the_reason(int offset, ulong value, string reason)
    {
        using var memory = new RingMemory(SharedRingLayout.KindSpsc, 8);
        SpscRing<Item>.Attach(memory.View).Dispose();
        memory.Word(offset) = value;
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => SpscRing<Item>.Attach(memory.View));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 40)]
    [InlineData((1UL << 62) + 3)]
    public void A_forged_index_is_not_followed(ulong forged)
    {
        using var memory = new RingMemory(SharedRingLayout.KindSpsc, 8);
        using var ring = SpscRing<Item>.Attach(memory.View);
        memory.Word(SharedRingLayout.TailOffset) = forged;
        Assert.False(ring.Consumer.TryPop(out _));
        Assert.Equal(0, ring.Consumer.TryPop(new Item[20]));
        Assert.Equal(0, ring.Consumer.Peek().Count);
        Assert.InRange(ring.Count, 0, 8);
        Assert.Equal(3UL, ring.Statistics.ForeignIndices);

        memory.Word(SharedRingLayout.HeadOffset) = forged;
        Assert.Equal(8, ring.Producer.TryPush(new Item[20]));
        Assert.Equal(0, ring.Producer.TryPush(new Item[20]));
        Assert.False(ring.Producer.TryPush(new Item(1)));
        Assert.True(ring.Statistics.ForeignIndices > 3);
    }

    [Fact]
    public void Scribbled_words_never_lead_out_of_any_ring()
    {
        var random = new Random(7);
        foreach (uint kind in new uint[] { SharedRingLayout.KindMpsc, SharedRingLayout.KindBroadcast })
        {
            for (uint policy = 0; policy < 3; policy++)
            {
                uint cursors = kind == SharedRingLayout.KindBroadcast ? 2u : 0;
                using var memory = new RingMemory(kind, 8, policy: policy, cursors: cursors);
                using IDisposable ring = kind == SharedRingLayout.KindMpsc
                    ? MpscRing<Item>.Attach(memory.View)
                    : BroadcastRing<Item>.Attach(memory.View);
                using BroadcastReader<Item>? reader = (ring as BroadcastRing<Item>)?.Join();
                for (int round = 0; round < 2000; round++)
                {
                    int offset = random.Next(4) switch { 0 => 128, 1 => 256, 2 => 384, _ => 512 + (128 * random.Next(2)) };
                    memory.Word(offset) = random.Next(3) switch
                    {
                        0 => (ulong)random.NextInt64(),
                        1 => ulong.MaxValue - (uint)random.Next(3),
                        _ => (uint)random.Next(40),
                    };
                    Use(ring, reader);
                }
            }
        }
    }

    [Fact]
    public void Foreign_and_truncated_files_are_refused()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            File.WriteAllBytes(path, []);
            Assert.Throws<InvalidDataException>(() => SharedMapping.Open(path));
            File.WriteAllText(path, new string('x', 5000));
            Assert.Contains("magic", Refused(path), StringComparison.Ordinal);
            File.Delete(path);
            using (SharedMapping mapping = SharedMapping.Create(path, SpscRing<Item>.RequiredBytes(8)))
                SpscRing<Item>.Create(mapping.View, 8).Dispose();
            Assert.Throws<IOException>(() => SharedMapping.Create(path, 100));
            Assert.Throws<ArgumentOutOfRangeException>("bytes", () => SharedMapping.Create(path, 0));
            using (FileStream file = File.OpenWrite(path))
                file.SetLength(600);
            Assert.Contains("memory ends after 600", Refused(path), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }

        static string Refused(string path)
        {
            using SharedMapping mapping = SharedMapping.Open(path);
            return Assert.Throws<InvalidDataException>(() => SpscRing<Item>.Attach(mapping.View)).Message;
        }
    }

    // Whatever comes out, nothing may leave the memory or fail to return.
    private static void Use(IDisposable ring, BroadcastReader<Item>? reader)
    {
        var items = new Item[5];
        try
        {
            if (ring is MpscRing<Item> mpsc)
            {
                mpsc.Producer.TryPush(new Item(1));
                mpsc.Producer.TryPush(items);
                mpsc.Consumer.TryPop(out _);
                mpsc.Consumer.TryPop(items);
                mpsc.Consumer.SkipUncommitted();
                mpsc.Consumer.Peek().Release();
                _ = mpsc.Statistics;
            }
            else if (ring is BroadcastRing<Item> broadcast)
            {
                broadcast.Writer.TryWrite(new Item(1));
                broadcast.Writer.TryWrite(items);
                reader!.TryRead(out _, out _);
                reader.Read(items, out _);
                _ = broadcast.Statistics;
            }
        }
        catch (InvalidOperationException)
        {
            // Completed, or detached, as the scribble had it.
        }
    }
}
