using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Tiles against pixels, one by one.</summary>
public sealed class TileGridTests
{
    [Fact]
    public void A_rectangle_of_pixels_marks_the_tiles_that_it_touches()
    {
        Gen<(TileGrid Grid, int X, int Y, int Width, int Height)> rectangles =
            from width in Gen.Choose(1, 60)
            from height in Gen.Choose(1, 60)
            from tileWidth in Gen.Choose(1, 70)
            from tileHeight in Gen.Choose(1, 20)
            from x in Gen.Choose(0, width)
            from y in Gen.Choose(0, height)
            from w in Gen.Choose(0, width - x)
            from h in Gen.Choose(0, height - y)
            select (new TileGrid((ulong)width, (ulong)height, (ulong)tileWidth, (ulong)tileHeight), x, y, w, h);
        Props.Check(
            Prop.ForAll(Arb.From(rectangles), one =>
            {
                TileGrid grid = one.Grid;
                using var bitmap = new DirtyBitmap(grid.Pages);
                (ulong first, ulong width, ulong height, ulong stride) = grid.TilesOf((ulong)one.X, (ulong)one.Y, (ulong)one.Width, (ulong)one.Height);
                bitmap.MarkRectangle(first, width, height, stride);

                ulong pixels = 0;
                for (ulong tile = 0; tile < grid.Pages; tile++)
                {
                    (ulong left, ulong top, ulong across, ulong down) = grid.PixelsOf(tile);
                    pixels += across * down;
                    bool touches = left < (ulong)(one.X + one.Width) && (ulong)one.X < left + across
                        && top < (ulong)(one.Y + one.Height) && (ulong)one.Y < top + down && one.Width > 0 && one.Height > 0;
                    Assert.Equal(touches, bitmap.IsDirty(tile));
                }

                Assert.Equal(grid.Width * grid.Height, pixels);
            }),
            "tiles",
            maxTest: 500);
    }

    [Fact]
    public void Scan_lines_and_granules_that_are_no_power_of_two()
    {
        var lines = new TileGrid(320, 200, 320, 1);
        Assert.Equal((200ul, 1ul), (lines.Pages, lines.Columns));
        Assert.Equal((7ul, 1ul, 3ul, 1ul), lines.TilesOf(319, 7, 1, 3));
        var bytes = new TileGrid(ulong.MaxValue, 1, 1_000_000_007, 1);
        Assert.Equal((ulong.MaxValue - 1) / 1_000_000_007, bytes.TilesOf(ulong.MaxValue - 1, 0, 1, 1).First);
        Assert.Equal(ulong.MaxValue % 1_000_000_007, bytes.PixelsOf(bytes.Pages - 1).Width);
    }

    [Fact]
    public void What_is_outside_is_refused_by_name()
    {
        Outside("width", () => new TileGrid(0, 1, 1, 1));
        Outside("height", () => new TileGrid(1, 0, 1, 1));
        Outside("tileWidth", () => new TileGrid(1, 1, 0, 1));
        Outside("tileHeight", () => new TileGrid(1, 1, 1, 0));
        Outside("tileWidth", () => new TileGrid(ulong.MaxValue, 1, 4095, 1));
        Outside("tileHeight", () => new TileGrid(1, ulong.MaxValue, 1, 1));
        Outside("tileHeight", () => new TileGrid(1UL << 32, 1UL << 32, 1, 1));
        Assert.Equal(DirtyBitmap.MaximumPages, new TileGrid(ulong.MaxValue, 1, 4096, 1).Pages);

        var grid = new TileGrid(100, 50, 16, 16);
        Outside("x", () => grid.TilesOf(101, 0, 0, 0));
        Outside("width", () => grid.TilesOf(100, 0, 1, 1));
        Outside("width", () => grid.TilesOf(1, 0, ulong.MaxValue, 1));
        Outside("y", () => grid.TilesOf(0, ulong.MaxValue, 1, 1));
        Outside("height", () => grid.TilesOf(0, 49, 1, 2));
        Outside("page", () => grid.PixelsOf(28));
        Assert.Equal((96ul, 48ul, 4ul, 2ul), grid.PixelsOf(27));
        Assert.Equal(0ul, grid.TilesOf(100, 50, 0, 0).Width);
    }

    private static void Outside(string name, Func<object> call) => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(call).ParamName);
}
