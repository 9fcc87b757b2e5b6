using CommunityToolkit.HighPerformance.Buffers;
using RingKit.Bitmaps.Operations;
using RingKit.Memory;
using Xunit;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>Bitmaps that several threads work on, and those whose bit numbers need more than 32 bits.</summary>
public sealed class LargeBitmapTests
{
    [Theory]
    [InlineData((1 << 26) - 1)]
    [InlineData(1 << 26)]
    [InlineData((3 << 25) + 77)]
    public void Several_threads_do_what_one_does(int length)
    {
        ulong bits = (ulong)length;
        var random = new Random(length);
        ulong[] left = Random(random, bits), right = Random(random, bits), expected = new ulong[left.Length], actual = new ulong[left.Length];
        Assert.Equal(BitmapCount.Count(left, bits), ParallelBitmap.Count(left, bits));

        BitmapLogic.And(left, right, expected, bits);
        ParallelBitmap.And(left, right, actual, bits);
        Assert.True(expected.AsSpan().SequenceEqual(actual));
        BitmapLogic.Or(left, right, expected, bits);
        ParallelBitmap.Or(left, right, actual, bits);
        Assert.True(expected.AsSpan().SequenceEqual(actual));
        BitmapLogic.Xor(left, right, expected, bits);
        ParallelBitmap.Xor(left, right, actual, bits);
        Assert.True(expected.AsSpan().SequenceEqual(actual));
        BitmapLogic.AndNot(left, right, expected, bits);
        ParallelBitmap.AndNot(left, right, actual, bits);
        Assert.True(expected.AsSpan().SequenceEqual(actual));

        foreach ((Step one, Step several) in new (Step, Step)[]
        {
            (BitmapLogic.And, ParallelBitmap.And),
            (BitmapLogic.Or, ParallelBitmap.Or),
            (BitmapLogic.Xor, ParallelBitmap.Xor),
            (BitmapLogic.AndNot, ParallelBitmap.AndNot),
            ((words, _, n) => BitmapLogic.Not(words, n), (words, _, n) => ParallelBitmap.Not(words, n)),
        })
        {
            one(expected, left, bits);
            several(actual, left, bits);
            Assert.True(expected.AsSpan().SequenceEqual(actual));
        }
    }

    [Fact]
    public void Bit_numbers_beyond_32_bits()
    {
        // 2^33 + 100 bits are 1 GiB, of which the kernel gives the pages that are written, and reading ones share one page of zeros.
        const ulong Bits = (1UL << 33) + 100;
        const ulong Place = (1UL << 33) - 5;
        using var block = new NativeBlock<ulong>((nuint)((Bits + 63) / 64), (nuint)Environment.SystemPageSize);
        Span<ulong> words = block.View.AsSpan();
        ulong[] ones = new ulong[8];
        Array.Fill(ones, ulong.MaxValue);

        BitmapCopy.Copy(ones, 3, words, Place, 100);
        Assert.Equal(100ul, BitmapCount.Count(words, Bits));
        Assert.Equal(95ul, BitmapCount.Count(words, 1UL << 33, 100));
        Assert.True(BitmapCount.All(words, Place, 100));
        Assert.False(BitmapCount.Any(words, Place));
        Assert.Equal(Place, BitmapSearch.NextSet(words, Bits, 0));
        Assert.Equal(Place + 100, BitmapSearch.NextClear(words, Bits, Place));
        Assert.Equal(new BitRun(Place, 100), BitmapSearch.NextSetRun(words, Bits, 7, 100));
        Assert.Equal(new BitRun(Place + 100, 5), BitmapSearch.NextClearRun(words, Bits, Place));

        BitmapCopy.Copy(words, Place - 1, words, Place + 2, 102);
        Assert.Equal(Place, BitmapSearch.NextSet(words, Bits, Place - 2));
        Assert.Equal(Place + 3 + 99, BitmapSearch.NextSetRun(words, Bits, Place + 3).End - 1);

        using MemoryOwner<ulong> end = PooledBitmap.Copy(words, Place, 105);
        Assert.Equal(BitmapCount.Count(words, Bits), BitmapCount.Count(end.Span));
    }

    [Fact]
    public void Every_operation_over_more_than_2_to_the_31_bits()
    {
        Assert.SkipUnless(LongRun.IsOn, "1.5 GiB of memory are written; set RINGKIT_LONG=1");
        const ulong Bits = (1UL << 32) + 33;
        using var left = new NativeBlock<ulong>((nuint)((Bits + 63) / 64));
        using var right = new NativeBlock<ulong>(left.Length);
        BitmapLogic.Not(left.View.AsSpan(), Bits);
        Assert.Equal(Bits, BitmapCount.Count(left.View.AsSpan(), Bits));
        Assert.Equal(Bits, ParallelBitmap.Count(left.View.AsSpan(), Bits));
        Assert.True(BitmapCount.All(left.View.AsSpan(), Bits));
        Assert.Equal(new BitRun(0, Bits), BitmapSearch.NextSetRun(left.View.AsSpan(), Bits, 0, Bits));
        right[right.Length - 1] = 1UL << 32;
        BitmapLogic.AndNot(left.View.AsSpan(), right.View.AsSpan(), Bits);
        Assert.Equal(Bits - 1, BitmapSearch.NextClear(left.View.AsSpan(), Bits, 0));
        using MemoryOwner<byte> bytes = KvmBitmap.Export(left.View.AsSpan(), Bits);
        KvmBitmap.Import(bytes.Span, Bits, right.View.AsSpan());
        Assert.True(BitmapCount.Equals(left.View.AsSpan(), right.View.AsSpan(), Bits));
    }

    private delegate void Step(Span<ulong> words, ReadOnlySpan<ulong> other, ulong bits);

    private static ulong[] Random(Random random, ulong bits)
    {
        ulong[] words = new ulong[(bits + 63) / 64];
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(words.AsSpan()));
        return words;
    }
}
