namespace RingKit.Bitmaps;

/// <summary>A surface of pixels cut into tiles of any size, one page of a bitmap each, row by row: what a display redraws.</summary>
/// <remarks>
/// A tile need be no power of two: the scan lines of a display of 320 by 200 are tiles of 320 by 1. Memory in granules of any number
/// of bytes is a surface of one row. Tiles at the right and lower edge may be there in part. Thread role: any; it does not change.
/// </remarks>
public sealed class TileGrid
{
    /// <summary>Cuts a surface.</summary>
    /// <param name="width">How many pixels a row of the surface has, at least 1.</param>
    /// <param name="height">How many rows, at least 1.</param>
    /// <param name="tileWidth">How many pixels a row of a tile has, at least 1.</param>
    /// <param name="tileHeight">How many rows a tile has, at least 1. There are at most <see cref="DirtyBitmap.MaximumPages"/> tiles.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is none of these.</exception>
    public TileGrid(ulong width, ulong height, ulong tileWidth, ulong tileHeight)
    {
        ArgumentOutOfRangeException.ThrowIfZero(width);
        ArgumentOutOfRangeException.ThrowIfZero(height);
        ArgumentOutOfRangeException.ThrowIfZero(tileWidth);
        ArgumentOutOfRangeException.ThrowIfZero(tileHeight);
        (Width, Height, TileWidth, TileHeight) = (width, height, tileWidth, tileHeight);
        Columns = ((width - 1) / tileWidth) + 1;
        Rows = ((height - 1) / tileHeight) + 1;
        if (Columns > DirtyBitmap.MaximumPages)
            throw new ArgumentOutOfRangeException(nameof(tileWidth), tileWidth, TooMany(Columns, 1));
        if (Rows > DirtyBitmap.MaximumPages / Columns)
            throw new ArgumentOutOfRangeException(nameof(tileHeight), tileHeight, TooMany(Columns, Rows));
    }

    /// <summary>How many pixels a row of the surface has.</summary>
    public ulong Width { get; }

    /// <summary>How many rows of pixels the surface has.</summary>
    public ulong Height { get; }

    /// <summary>How many pixels a row of a tile has.</summary>
    public ulong TileWidth { get; }

    /// <summary>How many rows of pixels a tile has.</summary>
    public ulong TileHeight { get; }

    /// <summary>How many tiles lie side by side.</summary>
    public ulong Columns { get; }

    /// <summary>How many tiles lie one below the other.</summary>
    public ulong Rows { get; }

    /// <summary>How many tiles there are: as many pages as a bitmap needs.</summary>
    public ulong Pages => Columns * Rows;

    /// <summary>The tiles that a rectangle of pixels touches, as <see cref="DirtyBitmap.MarkRectangle"/> takes them.</summary>
    /// <param name="x">The first column of pixels.</param>
    /// <param name="y">The first row of pixels.</param>
    /// <param name="width">How many columns; 0 touches no tile.</param>
    /// <param name="height">How many rows; 0 touches no tile.</param>
    /// <returns>The first tile, how many tiles side by side and one below the other, and how many from row to row.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The rectangle is not inside the surface.</exception>
    public (ulong First, ulong Width, ulong Height, ulong Stride) TilesOf(ulong x, ulong y, ulong width, ulong height)
    {
        CheckSide(x, width, Width, nameof(x), nameof(width));
        CheckSide(y, height, Height, nameof(y), nameof(height));
        if (width == 0 || height == 0)
            return (0, 0, 0, Columns);

        ulong left = x / TileWidth;
        ulong top = y / TileHeight;
        ulong right = (x + width - 1) / TileWidth;
        ulong bottom = (y + height - 1) / TileHeight;
        return ((top * Columns) + left, right - left + 1, bottom - top + 1, Columns);
    }

    /// <summary>The pixels of a tile, without what an edge cuts off.</summary>
    /// <param name="page">From 0 to <see cref="Pages"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such tile.</exception>
    public (ulong X, ulong Y, ulong Width, ulong Height) PixelsOf(ulong page)
    {
        if (page >= Pages)
            throw new ArgumentOutOfRangeException(nameof(page), page, $"There are tiles 0 to {Pages - 1}.");
        ulong x = page % Columns * TileWidth;
        ulong y = page / Columns * TileHeight;
        return (x, y, Math.Min(TileWidth, Width - x), Math.Min(TileHeight, Height - y));
    }

    private static void CheckSide(ulong first, ulong count, ulong length, string firstName, string countName)
    {
        if (first > length)
            throw new ArgumentOutOfRangeException(firstName, first, $"The surface has {length} of them.");
        if (count > length - first)
            throw new ArgumentOutOfRangeException(countName, count, $"From {first} on the surface has {length - first} of them.");
    }

    private static string TooMany(ulong columns, ulong rows) =>
        $"{columns} by {rows} tiles are more than {DirtyBitmap.MaximumPages}: they must be larger.";
}
