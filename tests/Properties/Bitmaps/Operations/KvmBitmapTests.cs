using CommunityToolkit.HighPerformance.Buffers;
using FsCheck.Fluent;
using RingKit.Bitmaps.Operations;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>Bitmaps to and from KVM's bytes.</summary>
public sealed class KvmBitmapTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 8)]
    [InlineData(64, 8)]
    [InlineData(65, 16)]
    [InlineData(1UL << 37, 1UL << 34)]
    [InlineData(ulong.MaxValue, 1UL << 61)]
    public void The_length_in_bytes_is_a_multiple_of_8(ulong bits, ulong bytes) => Assert.Equal(bytes, KvmBitmap.ByteLength(bits));

    [Fact]
    public void Bit_i_is_bit_i_mod_8_of_byte_i_div_8_and_padding_is_zero() =>
        Props.Check(
            Prop.ForAll(Arb.From(BitmapCase.Any), one =>
            {
                using var bitmap = new GuardedBitmap(one);
                byte[] expected = new byte[(one.Bits + 63) / 64 * 8];
                for (int bit = 0; bit < one.Bits; bit++)
                    expected[bit / 8] |= (byte)(bitmap.Model[bit] ? 1 << (bit % 8) : 0);

                // At an odd address, and with bytes behind that are not the bitmap's.
                byte[] exported = new byte[expected.Length + 4];
                exported.AsSpan().Fill(0xaa);
                Assert.Equal(expected.Length, KvmBitmap.Export(bitmap.Words, bitmap.Bits, exported.AsSpan(1)));
                Assert.Equal([0xaa, .. expected, 0xaa, 0xaa, 0xaa], exported);
                using MemoryOwner<byte> pooled = KvmBitmap.Export(bitmap.Words, bitmap.Bits);
                Assert.Equal(expected, pooled.Span);

                using var imported = new GuardedBitmap(one with { Seed = one.Seed ^ 1, SetPadding = true });
                KvmBitmap.Import(exported.AsSpan(1), bitmap.Bits, imported.Words);
                Assert.Equal(bitmap.Model, imported.Read());
                Assert.True(GuardedBitmap.PaddingIsZero(imported.Words, one.Bits));
            }),
            nameof(Bit_i_is_bit_i_mod_8_of_byte_i_div_8_and_padding_is_zero),
            maxTest: 300);

    [Fact]
    public void Every_bit_of_padding_is_refused_and_nothing_is_changed()
    {
        for (int bits = 1; bits <= 130; bits++)
        {
            byte[] bytes = new byte[(bits + 63) / 64 * 8];
            ulong[] words = [7, 7, 7];
            for (int bit = bits; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] = (byte)(1 << (bit % 8));
                var refused = Assert.Throws<ArgumentException>(() => KvmBitmap.Import(bytes, (ulong)bits, words));
                Assert.Equal("source", refused.ParamName);
                Assert.Contains($"{bits} bits", refused.Message, StringComparison.Ordinal);
                Assert.Contains("Give as many bits as it was filled for", refused.Message, StringComparison.Ordinal);
                Assert.Equal([7, 7, 7], words);
                bytes[bit / 8] = 0;
            }

            KvmBitmap.Import(bytes, (ulong)bits, words);
            Assert.Equal(0ul, BitmapCount.Count(words.AsSpan(0, bytes.Length / 8)));
        }
    }

    [Fact]
    public void A_dirty_bitmap_and_the_bytes_agree()
    {
        using var bitmap = new RingKit.Bitmaps.DirtyBitmap(200);
        foreach (ulong page in new ulong[] { 0, 9, 63, 64, 199 })
            bitmap.Mark(page);
        byte[] bytes = new byte[32];
        Assert.Equal(32, bitmap.CopyToKvm(bytes));
        Assert.Equal((1, 2, 128, 1, 128), (bytes[0], bytes[1], bytes[7], bytes[8], bytes[24]));
        Assert.Equal(5ul, bitmap.Count());
    }
}
