using RingKit.DirtyRings;
using RingKit.Memory;
using Xunit;

namespace RingKit.Properties.Memory;

public sealed class NativeBlockTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(300_000)]
    public void A_block_is_zeroed_even_where_memory_was_used_before(int length)
    {
        for (int round = 0; round < 20; round++)
        {
            using var block = new NativeBlock<ulong>((nuint)length);
            Assert.Equal((nuint)length, block.Length);
            Span<ulong> words = block.View.AsSpan();
            Assert.Equal(length, words.Length);
            Assert.Equal(-1, words.IndexOfAnyExcept(0UL));
            words.Fill(ulong.MaxValue);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    public void A_block_whose_pages_were_touched_is_zeroed_still(int length)
    {
        using var block = new NativeBlock<DirtyGfn>((nuint)length, alignment: 4096);
        block.Touch();
        Assert.Equal(-1, block.View.Cast<ulong>().AsSpan().IndexOfAnyExcept(0UL));
    }

    [Theory]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(4096)]
    [InlineData(1 << 16)]
    [InlineData(1 << 21)]
    [InlineData(1 << 30)]
    public unsafe void The_alignment_is_honoured_and_all_of_the_block_is_usable(int alignment)
    {
        // Several at a time, so that one lucky address proves nothing.
        NativeBlock<DirtyGfn>[] blocks = [.. Enumerable.Range(0, 8).Select(_ => new NativeBlock<DirtyGfn>(77, (nuint)alignment))];
        try
        {
            foreach (NativeBlock<DirtyGfn> block in blocks)
            {
                Assert.Equal(0u, (nuint)block.View.DangerousPointer % (nuint)alignment);
                block[0].Slot = 1;
                block[76].Slot = 2;
            }

            Assert.All(blocks, block => Assert.Equal((1u, 2u), (block[0].Slot, block[76].Slot)));
        }
        finally
        {
            Array.ForEach(blocks, block => block.Dispose());
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(64u)]
    [InlineData(127u)]
    [InlineData(129u)]
    [InlineData(3u << 10)]
    [InlineData(1u << 31)]
    public void A_bad_alignment_is_refused(uint asked) =>
        Assert.Throws<ArgumentOutOfRangeException>("alignment", () => new NativeBlock<byte>(1, asked));

    [Fact]
    public void A_size_that_overflows_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("length", () => new NativeBlock<DirtyGfn>(nuint.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => new NativeBlock<DirtyGfn>((nuint)1 << 60));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => new NativeBlock<byte>((nuint)1 << 63));
    }

    [Fact]
    public void Memory_that_does_not_exist_is_refused() =>
        Assert.Throws<OutOfMemoryException>(() => new NativeBlock<byte>((nuint)1 << 62));

    [Fact]
    public void An_element_out_of_bounds_is_refused()
    {
        using var block = new NativeBlock<uint>(5);
        block[4] = 9;
        Assert.Equal(9u, block.View[4]);
        foreach (nuint beyond in new nuint[] { 5, 6, nuint.MaxValue })
            Assert.Throws<ArgumentOutOfRangeException>("index", () => block[beyond]);
    }

    [Fact]
    public void Use_after_dispose_throws()
    {
        var block = new NativeBlock<uint>(5);
        block.Dispose();
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => block.View.Length);
        Assert.Throws<ObjectDisposedException>(() => block[0]);
        Assert.Equal((nuint)5, block.Length);
    }

    [Fact]
    public void A_large_block_costs_nothing_until_it_is_touched()
    {
        long before = Environment.WorkingSet;
        using var block = new NativeBlock<byte>((nuint)4 << 30);
        block[((nuint)4 << 30) - 1] = 1;
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 1L << 30);
    }
}
