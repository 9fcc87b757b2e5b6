using RingKit.Bitmaps.Bytes;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>The byte map's kernel. <see cref="EverySimdPath"/> runs this class once for each width of vector.</summary>
public sealed class NonZeroBytesTests
{
    [Fact]
    public void Every_byte_has_its_bit()
    {
        byte[] bytes = new byte[64];
        for (int count = 1; count <= 64; count++)
        {
            for (int place = 0; place < 64; place++)
            {
                Array.Clear(bytes);
                bytes[place] = (byte)(1 << (place % 8));
                Assert.Equal(place < count ? 1UL << place : 0, NonZeroBytes.Mask(in bytes[0], count));
            }
        }
    }

    [Fact]
    public void Random_bytes()
    {
        var random = new Random(20080325);
        byte[] bytes = new byte[80];
        for (int round = 0; round < 2000; round++)
        {
            int density = random.Next(1, 5);
            foreach (ref byte one in bytes.AsSpan())
                one = random.Next(density) == 0 ? (byte)random.Next(1, 256) : (byte)0;
            int start = random.Next(16);
            int count = round % 2 == 0 ? 64 : random.Next(1, 65);
            ulong expected = Enumerable.Range(0, count).Where(i => bytes[start + i] != 0).Aggregate(0UL, (mask, i) => mask | 1UL << i);
            Assert.Equal(expected, NonZeroBytes.Mask(in bytes[start], count));
        }
    }

    [Fact]
    public unsafe void A_map_touches_nothing_beyond_its_bytes()
    {
        Assert.SkipWhen(GuardedWords.WhyNot is not null, GuardedWords.WhyNot ?? "");
        for (int length = 1; length <= 40; length++)
        {
            foreach (bool againstEnd in (bool[])[false, true])
            {
                using var guarded = new GuardedWords(length, againstEnd);
                ulong pages = (ulong)length * 8;
                NativeView<byte> bytes = NativeView.DangerousCreate<byte>(guarded.View.DangerousPointer, (nuint)pages);
                using var map = new DirtyByteMap(bytes, pages);
                map.MarkRange(0, pages);
                Assert.Equal(pages, map.Count());
                var runs = new List<(ulong First, ulong Count)>();
                var sink = new RunList(runs);
                map.HarvestRuns(ref sink);
                Assert.Equal([(0ul, pages)], runs);
                map.Mark(pages - 1);
                ulong cursor = 0;
                Assert.Equal(1, map.HarvestIndices(new ulong[4], ref cursor));
                Assert.Equal(0ul, map.Count());
            }
        }
    }
}
