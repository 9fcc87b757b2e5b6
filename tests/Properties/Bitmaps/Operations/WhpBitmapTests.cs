using System.Runtime.InteropServices;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Operations;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>Bitmaps to and from the words of the Windows Hypervisor Platform.</summary>
public sealed class WhpBitmapTests
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1, 8)]
    [InlineData(64 * 4096, 1, 8)]
    [InlineData((64 * 4096) + 1, 2, 16)]
    [InlineData(1UL << 46, 1UL << 28, 1u << 31)]
    public void The_buffer_has_a_bit_a_page_rounded_up_to_8_bytes(ulong rangeBytes, ulong words, uint bytes)
    {
        Assert.Equal(words, WhpBitmap.WordLength(rangeBytes));
        Assert.Equal(bytes, WhpBitmap.ByteLength(rangeBytes));
    }

    [Fact]
    public void A_buffer_that_no_query_takes_is_refused()
    {
        Assert.Equal(uint.MaxValue - 7, WhpBitmap.ByteLength((1UL << 47) - (64 * 4096)));
        Assert.Throws<ArgumentOutOfRangeException>("rangeBytes", () => WhpBitmap.ByteLength(1UL << 47));
        Assert.Throws<ArgumentOutOfRangeException>("rangeBytes", () => WhpBitmap.ByteLength(ulong.MaxValue));
    }

    [Fact]
    public void Words_are_the_pages_and_padding_is_zero() => Props.Check(
        Prop.ForAll(Arb.From(BitmapCase.Any), one =>
        {
            using var bitmap = new GuardedBitmap(one);
            int words = bitmap.Words.Length;
            ulong[] exported = new ulong[words + 1];
            exported[^1] = 42;
            WhpBitmap.Export(bitmap.Words, bitmap.Bits, exported);
            Assert.Equal(42ul, exported[^1]);
            Assert.Equal(bitmap.Model, GuardedBitmap.Read(exported, one.Bits));
            Assert.True(GuardedBitmap.PaddingIsZero(exported, one.Bits));

            // The same bytes as KVM's, on a little-endian host.
            byte[] bytes = new byte[words * 8];
            KvmBitmap.Export(bitmap.Words, bitmap.Bits, bytes);
            if (BitConverter.IsLittleEndian)
                Assert.True(MemoryMarshal.AsBytes(exported.AsSpan(0, words)).SequenceEqual(bytes));

            using var imported = new GuardedBitmap(one with { Seed = one.Seed ^ 1, SetPadding = true });
            WhpBitmap.Import(exported, bitmap.Bits, imported.Words);
            Assert.Equal(bitmap.Model, imported.Read());
            Assert.True(GuardedBitmap.PaddingIsZero(imported.Words, one.Bits));
        }),
        "WhpBitmap",
        maxTest: 200);

    [Fact]
    public void Every_bit_of_padding_is_refused_and_nothing_is_changed()
    {
        using var bitmap = new DirtyBitmap(1000);
        for (int bits = 1; bits <= 130; bits++)
        {
            ulong[] source = new ulong[(bits + 63) / 64];
            ulong[] destination = [7, 7, 7];
            for (int bit = bits; bit < source.Length * 64; bit++)
            {
                source.AsSpan().Fill(1);
                source[bit / 64] |= 1UL << (bit % 64);
                foreach (Action call in new Action[]
                {
                    () => WhpBitmap.Import(source, (ulong)bits, destination),
                    () => bitmap.MarkFromWhp(source, 64, (ulong)bits),
                    () => bitmap.MarkFromWhp(source, 777, (ulong)bits),
                })
                {
                    var refused = Assert.Throws<ArgumentException>(call);
                    Assert.Equal("source", refused.ParamName);
                    Assert.Contains($"{bits} bits", refused.Message, StringComparison.Ordinal);
                    Assert.Contains("Give as many bits as it was filled for", refused.Message, StringComparison.Ordinal);
                }

                Assert.Equal([7, 7, 7], destination);
            }
        }

        Assert.Equal(0ul, bitmap.Count());
    }

    [Fact]
    public void Spans_too_small_are_refused()
    {
        Assert.Throws<ArgumentException>("source", () => WhpBitmap.Import(new ulong[1], 65, new ulong[2]));
        Assert.Throws<ArgumentException>("destination", () => WhpBitmap.Import(new ulong[2], 65, new ulong[1]));
        Assert.Throws<ArgumentException>("destination", () => WhpBitmap.Export(new ulong[2], 65, new ulong[1]));
        Assert.Throws<ArgumentOutOfRangeException>("bits", () => WhpBitmap.Export(new ulong[1], 65, new ulong[2]));
        Assert.Throws<ArgumentException>("source", () => { using var bitmap = new DirtyBitmap(65); bitmap.MarkFromWhp(new ulong[1], 0, 65); });
    }

    [Fact]
    public void A_query_of_a_range_that_begins_within_a_word_is_joined_there()
    {
        // A range of 70 pages from page 100 on, as a query of 280 KiB at 400 KiB fills it.
        ulong[] buffer = new ulong[WhpBitmap.WordLength(70 * WhpBitmap.PageBytes)];
        buffer[0] = 1 | 1UL << 27 | 1UL << 28 | 1UL << 63;
        buffer[1] = 1UL << 5;
        using DirtyBitmap bitmap = DirtyBitmap.ForBytes(1000 * WhpBitmap.PageBytes, Granule.Page);
        bitmap.Mark(127);
        Assert.Equal(4ul, bitmap.MarkFromWhp(buffer, bitmap.Granule.PageOf(100 * WhpBitmap.PageBytes), 70));
        Assert.Equal([100ul, 127, 128, 163, 169], BitmapModel.Pages(BitmapModel.Read(bitmap)));
        ulong[] copy = new ulong[2];
        bitmap.CopyTo(copy, 100, 70);
        Assert.Equal(buffer, copy);
    }
}
