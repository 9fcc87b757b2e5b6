namespace RingKit.Cli.Charts;

/// <summary>A line chart: panels in rows, under one title and one legend.</summary>
/// <param name="Title">The first line.</param>
/// <param name="Subtitle">The second line, smaller; may be empty.</param>
/// <param name="Panels">From left to right and down; at least one.</param>
/// <param name="Columns">How many panels stand side by side.</param>
internal sealed record Chart(string Title, string Subtitle, IReadOnlyList<Panel> Panels, int Columns = 1);
