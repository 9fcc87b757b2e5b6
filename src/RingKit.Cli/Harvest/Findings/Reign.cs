namespace RingKit.Cli.Harvest.Findings;

/// <summary>The log that costs least, over a range of dirty counts.</summary>
/// <param name="Log">Its name.</param>
/// <param name="From">From so many dirty pages on: measured if it is the first, else where it becomes cheaper than the one before.</param>
/// <param name="To">Up to so many; the last one's is the largest count that was measured.</param>
internal readonly record struct Reign(string Log, double From, double To);
