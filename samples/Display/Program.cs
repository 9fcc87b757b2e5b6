using Display;
using RingKit.Bitmaps;

// Runs a scene, redraws only what it touched, and writes a strip of frames: Display [PATH].
const int Width = 320, Height = 200, Frames = 600, Shown = 4, Interval = Frames / Shown;
string path = args.Length > 0 ? args[0] : Path.Combine(Path.GetTempPath(), "ringkit-display.png");
var tiles = new TileGrid(Width, Height, tileWidth: 16, tileHeight: 16);
using var screen = new Framebuffer(Width, Height, tiles);
var scene = new Scene(screen, Width, Height);
byte[] picture = new byte[Width * Height * 3], whole = new byte[picture.Length], strip = new byte[2 * Shown * picture.Length];
scene.DrawGround();
long redrawn = 0, flagged = 0;
for (int frame = 0; frame < Frames; frame++)
{
    scene.Step(frame);
    screen.Show(whole, 0, 0, Width, Height);
    if (picture.AsSpan().SequenceEqual(whole))
        return Fail($"frame {frame} changes nothing, so that it would show no tile that was forgotten");

    flagged += Width * Height;    // with one flag for all video memory, as emulators have it, each such frame is redrawn as a whole
    byte[] changes = Array.ConvertAll(picture, value => (byte)(value / 3));
    var redraw = new TileRedraw(screen, tiles, picture, changes);
    screen.Dirty.HarvestRuns(ref redraw);
    redrawn += redraw.Pixels;
    if (!picture.AsSpan().SequenceEqual(whole))
        return Fail($"frame {frame} redrawn in part is not the whole frame");

    if (frame % Interval == Interval - 1)
    {
        CopyInto(strip, picture, frame / Interval, row: 0);
        CopyInto(strip, changes, frame / Interval, row: 1);
    }
}

Png.Write(path, strip, Shown * Width);
Console.WriteLine($"{Frames} frames, each equal to the whole one: {redrawn} pixels redrawn, with one flag {flagged}: {(double)flagged / redrawn:0.0} times fewer");
Console.WriteLine($"wrote {path}: above the frames, below in bright what was redrawn for them");
return flagged > 4 * redrawn ? 0 : Fail("more than a quarter was redrawn");

static void CopyInto(byte[] strip, byte[] picture, int column, int row)
{
    for (int y = 0; y < Height; y++)
        picture.AsSpan(y * Width * 3, Width * 3).CopyTo(strip.AsSpan(((((row * Height) + y) * Shown) + column) * Width * 3));
}

static int Fail(string what)
{
    Console.WriteLine($"failed: {what}");
    return 1;
}
