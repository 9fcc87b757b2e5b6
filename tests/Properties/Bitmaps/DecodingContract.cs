using System.Runtime.InteropServices;
using RingKit.Bitmaps.Decoding;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Arguments of the decoder: each fault is named before anything is written.</summary>
public sealed class DecodingContract
{
    [Fact]
    public void The_last_index_must_fit_and_may_be_the_largest()
    {
        ulong[] words = [1, 1UL << 63];
        uint[] narrow = new uint[2];
        ulong cursor = 0;
        Assert.Equal(2, BitmapDecoder.Decode(words, uint.MaxValue - 127, narrow, ref cursor));
        Assert.Equal([uint.MaxValue - 127, uint.MaxValue], narrow);
        Assert.Equal("firstIndex", Assert.Throws<ArgumentOutOfRangeException>(() => DecodeNarrow(words, uint.MaxValue - 126, narrow, 0)).ParamName);

        ulong[] wide = new ulong[2];
        cursor = 0;
        Assert.Equal(2, BitmapDecoder.Decode(words, ulong.MaxValue - 127, wide, ref cursor));
        Assert.Equal([ulong.MaxValue - 127, ulong.MaxValue], wide);
        Assert.Equal("firstIndex", Assert.Throws<ArgumentOutOfRangeException>(() => DecodeWide(words, ulong.MaxValue - 126, wide, 0)).ParamName);

        Assert.Equal("firstIndex", Assert.Throws<ArgumentOutOfRangeException>(() => BitmapDecoder.Decode(1UL, uint.MaxValue - 62, narrow)).ParamName);
        Assert.Equal("firstIndex", Assert.Throws<ArgumentOutOfRangeException>(() => BitmapDecoder.Decode(1UL, ulong.MaxValue - 62, wide)).ParamName);
        Assert.Equal([uint.MaxValue - 127, uint.MaxValue], narrow);
        Assert.Equal([ulong.MaxValue - 127, ulong.MaxValue], wide);
    }

    [Fact]
    public void The_cursor_lies_within_the_words_and_no_words_are_none()
    {
        ulong[] words = new ulong[3];
        Assert.Equal(0, DecodeNarrow(words, 0, new uint[1], 192));
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => DecodeNarrow(words, 0, new uint[1], 193)).ParamName);
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => DecodeWide(words, 0, new ulong[1], 193)).ParamName);
        Assert.Equal(0, DecodeNarrow([], uint.MaxValue, new uint[100], 0));
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => DecodeNarrow([], 0, new uint[1], 1)).ParamName);
    }

    [Fact]
    public void An_empty_destination_takes_nothing_and_skips_nothing()
    {
        ulong[] words = [0, 0b1010];
        ulong cursor = 0;
        Assert.Equal(0, BitmapDecoder.Decode(words, 7u, [], ref cursor));
        uint[] places = new uint[5];
        Assert.Equal(2, BitmapDecoder.Decode(words, 7u, places, ref cursor));
        Assert.Equal([72u, 74u], places[..2]);
        Assert.Equal(128ul, cursor);
    }

    [Fact]
    public void A_mask_with_more_bits_than_there_are_places_is_refused()
    {
        for (int room = 0; room < 64; room++)
        {
            uint[] places = new uint[room];
            Assert.Equal("destination", Assert.Throws<ArgumentException>(() => BitmapDecoder.Decode(ulong.MaxValue, 5u, places)).ParamName);
            Assert.All(places, place => Assert.Equal(0u, place));
            Assert.Equal("destination", Assert.Throws<ArgumentException>(() => BitmapDecoder.Decode(ulong.MaxValue, 5ul, new ulong[room])).ParamName);
        }
    }

    [Fact]
    public void Words_are_not_decoded_over_themselves()
    {
        ulong[] words = new ulong[200];
        Assert.Equal("destination", Assert.Throws<ArgumentException>(() => DecodeWide(words, 0, words, 0)).ParamName);
        Assert.Equal("destination", Assert.Throws<ArgumentException>(() =>
        {
            ulong cursor = 0;
            BitmapDecoder.Decode(words.AsSpan(0, 100), 0, MemoryMarshal.Cast<ulong, uint>(words.AsSpan(99)), ref cursor);
        }).ParamName);
        Assert.Equal(0, DecodeWide(words[..100], 0, words[100..], 0));
    }

    [Fact]
    public void Bitmaps_of_more_than_2_GiB_are_decoded()
    {
        using var block = new NativeBlock<ulong>((1 << 28) + 1);
        block[1 << 28] = 1UL << 5;
        ulong[] places = new ulong[100];
        ulong cursor = (1UL << 34) - 1000;
        Assert.Equal(1, BitmapDecoder.Decode(block.View.AsSpan(), 0, places, ref cursor));
        Assert.Equal((1UL << 34) + 5, places[0]);
    }

    [Fact]
    public void Decoding_allocates_nothing()
    {
        ulong[] words = [.. Enumerable.Repeat(0xF0F0_0001UL, 500)];
        uint[] places = new uint[4096];
        Assert.Equal(0, Allocated.By(() => DecodeNarrow(words, 0, places, 0)));
    }

    private static int DecodeNarrow(ulong[] words, uint first, uint[] places, ulong cursor) => BitmapDecoder.Decode(words, first, places, ref cursor);

    private static int DecodeWide(ulong[] words, ulong first, ulong[] places, ulong cursor) => BitmapDecoder.Decode(words, first, places, ref cursor);
}
