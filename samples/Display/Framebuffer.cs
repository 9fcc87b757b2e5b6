using RingKit.Bitmaps;

namespace Display;

/// <summary>The emulated video memory, a palette index a pixel. Whatever draws into it marks the tiles that it touches.</summary>
internal sealed class Framebuffer(int width, int height, TileGrid tiles) : IDisposable
{
    private static readonly uint[] Palette = [0x101828, 0x182438, 0xE8F0F8, 0xF04838, 0x38C060, 0xF8C030];

    private readonly byte[] _pixels = new byte[width * height];

    public DirtyBitmap Dirty { get; } = new(tiles.Pages);

    /// <summary>Draws the pixels of a rectangle for which the brush has a colour; it lies inside the picture.</summary>
    public void Draw(int x, int y, int columns, int rows, Func<int, int, byte?> brush)
    {
        for (int row = y; row < y + rows; row++)
        {
            for (int column = x; column < x + columns; column++)
                _pixels[(row * width) + column] = brush(column, row) ?? _pixels[(row * width) + column];
        }

        // After the stores, as any tracker asks for: who takes the mark sees what was drawn.
        (ulong first, ulong across, ulong down, ulong stride) = tiles.TilesOf((ulong)x, (ulong)y, (ulong)columns, (ulong)rows);
        Dirty.MarkRectangle(first, across, down, stride);
    }

    /// <summary>Converts a rectangle to the colours of the host, into a picture of three bytes a pixel.</summary>
    public void Show(byte[] picture, int x, int y, int columns, int rows)
    {
        for (int row = y; row < y + rows; row++)
        {
            for (int pixel = (row * width) + x; pixel < (row * width) + x + columns; pixel++)
            {
                uint color = Palette[_pixels[pixel]];
                (picture[pixel * 3], picture[(pixel * 3) + 1], picture[(pixel * 3) + 2]) = ((byte)(color >> 16), (byte)(color >> 8), (byte)color);
            }
        }
    }

    public void Dispose() => Dirty.Dispose();
}
