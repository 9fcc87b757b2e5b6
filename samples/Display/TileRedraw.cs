using RingKit.Bitmaps;

namespace Display;

/// <summary>Redraws the tiles that a harvest finds dirty, in the host's picture and in another one that shows which they were.</summary>
internal struct TileRedraw(Framebuffer screen, TileGrid tiles, byte[] picture, byte[] changes) : IDirtyRunSink
{
    public long Pixels { get; private set; }

    public void Accept(ulong firstPage, ulong pageCount)
    {
        for (ulong tile = firstPage; tile < firstPage + pageCount; tile++)
        {
            (ulong x, ulong y, ulong columns, ulong rows) = tiles.PixelsOf(tile);
            screen.Show(picture, (int)x, (int)y, (int)columns, (int)rows);
            screen.Show(changes, (int)x, (int)y, (int)columns, (int)rows);
            Pixels += (long)(columns * rows);
        }
    }
}
