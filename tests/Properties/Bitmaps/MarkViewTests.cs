using RingKit.Bitmaps;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Marks that know the words' address and nothing else.</summary>
public sealed unsafe class MarkViewTests
{
    [Theory]
    [InlineData(1u)]
    [InlineData(4096u)]
    [InlineData(1u << 21)]
    public void Marks_by_the_formulas_are_harvested(uint granule)
    {
        using DirtyBitmap bitmap = DirtyBitmap.ForBytes(1000ul * granule, new Granule(granule));
        using MarkView view = bitmap.OpenMarkView();
        Assert.Equal(0u, view.BasePointer % 8);
        Assert.Equal(1000ul, view.Pages);
        Assert.Equal(granule, 1u << view.Shift);
        ulong[] pages = [0, 7, 8, 63, 64, 777, 999];
        foreach (ulong page in pages)
        {
            ulong address = (page * granule) + (granule - 1);
            if (page % 2 == 0)
                *(byte*)(view.BasePointer + (nuint)(address >> (view.Shift + 3))) |= (byte)(1 << (int)((address >> view.Shift) & 7));
            else
                Interlocked.Or(ref *(ulong*)(view.BasePointer + (nuint)((address >> (view.Shift + 6)) * 8)), 1UL << (int)((address >> view.Shift) & 63));
        }

        ulong[] taken = new ulong[10];
        ulong cursor = 0;
        Assert.Equal(pages, taken[..bitmap.HarvestIndices(taken, ref cursor)]);
    }

    [Fact]
    public void A_view_keeps_the_words_of_a_bitmap_that_is_disposed()
    {
        var bitmap = new DirtyBitmap(64);
        MarkView view = bitmap.OpenMarkView();
        bitmap.Mark(5);
        bitmap.Dispose();
        Interlocked.Or(ref *(ulong*)view.BasePointer, 1);
        Assert.Equal(0x21ul, *(ulong*)view.BasePointer);
        view.Dispose();
        view.Dispose();
        Assert.Throws<ObjectDisposedException>(() => view.BasePointer);
        Assert.Throws<ObjectDisposedException>(() => bitmap.OpenMarkView());
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(3u)]
    [InlineData(1u << 22)]
    public void A_granule_is_a_power_of_two_up_to_2_MiB(uint bytes) =>
        Assert.Equal("bytes", Assert.Throws<ArgumentOutOfRangeException>(() => new Granule(bytes)).ParamName);

    [Fact]
    public void A_bitmap_for_bytes_has_at_least_one_and_at_most_so_many()
    {
        Assert.Equal("bytes", Assert.Throws<ArgumentOutOfRangeException>(() => DirtyBitmap.ForBytes(0, Granule.Page)).ParamName);
        Assert.Equal("bytes", Assert.Throws<ArgumentOutOfRangeException>(() => DirtyBitmap.ForBytes(ulong.MaxValue, new Granule(1))).ParamName);
    }
}
