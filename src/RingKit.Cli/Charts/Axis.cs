namespace RingKit.Cli.Charts;

/// <summary>An axis. All panels that are given the same object share one range, so that they can be compared.</summary>
/// <param name="title">What it shows, with its unit.</param>
/// <param name="isLogarithmic">Whether it goes by decades. Zeros have a place of their own before the first one; values below 0 have none.</param>
internal sealed class Axis(string title, bool isLogarithmic = false)
{
    public string Title { get; } = title;

    public bool IsLogarithmic { get; } = isLogarithmic;
}
