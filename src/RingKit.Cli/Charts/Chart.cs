namespace RingKit.Cli.Charts;

/// <summary>A line chart: panels in rows of so many columns, under one title, a smaller one that may be empty, and one legend.</summary>
internal sealed record Chart(string Title, string Subtitle, IReadOnlyList<Panel> Panels, int Columns = 1);
