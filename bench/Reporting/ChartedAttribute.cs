namespace RingKit.Bench.Reporting;

/// <summary>Asks for a chart of a suite's medians: a file <c>...-chart.svg</c> beside BenchmarkDotNet's tables.</summary>
/// <param name="title">What it shows.</param>
/// <param name="x">The parameter that the axis from left to right is of; a number.</param>
/// <param name="line">The parameter that makes lines, or null where the methods do. A panel is made of all others together.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ChartedAttribute(string title, string x, string? line = null) : Attribute
{
    public string Title => title;

    public string X => x;

    public string? Line => line;

    /// <summary>Whether times go up evenly from 0, where they are all alike; else by decades.</summary>
    public bool IsLinear { get; init; }

    /// <summary>Panels side by side.</summary>
    public int Columns { get; init; } = 2;
}
