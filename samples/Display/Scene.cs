namespace Display;

/// <summary>What the emulated program draws: balls that bounce over a chequered ground, and a bar that grows.</summary>
internal sealed class Scene(Framebuffer screen, int width, int height)
{
    private const int BarHeight = 6;

    private readonly (int X, int Y, int Dx, int Dy, int Radius, byte Color)[] _balls =
        [(40, 60, 3, 2, 20, 3), (200, 90, -2, 3, 14, 4), (120, 150, 4, -3, 9, 5)];

    public void DrawGround() => screen.Draw(0, 0, width, height, Ground);

    /// <summary>One frame: takes the balls from where they were, and draws them where they are.</summary>
    public void Step(int frame)
    {
        foreach ((int x, int y, _, _, int radius, _) in _balls)
            screen.Draw(x - radius, y - radius, (2 * radius) + 1, (2 * radius) + 1, Ground);

        foreach (ref var ball in _balls.AsSpan())
        {
            ball.Dx = ball.X + ball.Dx < ball.Radius || ball.X + ball.Dx >= width - ball.Radius ? -ball.Dx : ball.Dx;
            ball.Dy = ball.Y + ball.Dy < ball.Radius + BarHeight || ball.Y + ball.Dy >= height - ball.Radius ? -ball.Dy : ball.Dy;
            (ball.X, ball.Y) = (ball.X + ball.Dx, ball.Y + ball.Dy);
            var (cx, cy, _, _, radius, color) = ball;
            screen.Draw(cx - radius, cy - radius, (2 * radius) + 1, (2 * radius) + 1, (x, y) =>
                ((x - cx) * (x - cx)) + ((y - cy) * (y - cy)) <= radius * radius ? color : null);
        }

        screen.Draw(frame / 2 % width, 0, 1, BarHeight, static (_, _) => 2);
    }

    private static byte? Ground(int x, int y) => (byte)(((x / 20) + (y / 20)) % 2);
}
