namespace RingKit.Cli.Charts;

/// <summary>One coordinate system of a chart.</summary>
/// <param name="Title">The line above it; may be empty.</param>
/// <param name="X">The axis to the right.</param>
/// <param name="Y">The axis upwards.</param>
/// <param name="Series">The lines; at least one.</param>
internal sealed record Panel(string Title, Axis X, Axis Y, IReadOnlyList<Series> Series);
