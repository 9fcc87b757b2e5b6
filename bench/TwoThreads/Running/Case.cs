using RingKit.Bench.TwoThreads.Contenders;

namespace RingKit.Bench.TwoThreads.Running;

/// <summary>One use of a queue, and those that are compared in it; the first is ours.</summary>
/// <param name="Name">The heading.</param>
/// <param name="Operation">What the nanoseconds are for.</param>
/// <param name="Contenders">The first one is what the others are compared with.</param>
/// <param name="Floors">What the figures are held against.</param>
internal sealed record Case(string Name, string Operation, Contender[] Contenders, Floor[] Floors)
{
    public bool Matches(string? filter) =>
        filter is null || Contenders.Select(contender => contender.Name).Append(Name).Any(name => name.Contains(filter, StringComparison.OrdinalIgnoreCase));
}
