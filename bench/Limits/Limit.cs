namespace RingKit.Bench.Limits;

/// <summary>A thing that RingKit does, and the bare instructions that it cannot do without.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Unit">What the time is divided by.</param>
/// <param name="Units">How many of them one round has.</param>
/// <param name="Floor">What is asked for, as text.</param>
/// <param name="Prepare">What stands before each round, and is not timed.</param>
/// <param name="Ours">RingKit's.</param>
/// <param name="Bare">The instructions alone; by name.</param>
internal sealed record Limit(
    string Name, string Unit, double Units, string Floor, Action Prepare, Action Ours, IReadOnlyList<(string Name, Action Run)> Bare);
