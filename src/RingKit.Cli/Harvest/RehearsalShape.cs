using RingKit.Cli.Harvest.Patterns;
using RingKit.Cli.Machines;

namespace RingKit.Cli.Harvest;

/// <summary>A round that is run before any is measured, so that the first cells' times are not those of the JIT compiler.</summary>
/// <param name="Pattern">How the dirty pages lie.</param>
/// <param name="GuestPages">The guest's pages.</param>
/// <param name="Stores">How many of them are dirty.</param>
internal sealed record RehearsalShape(PagePattern Pattern, ulong GuestPages, int Stores)
{
    /// <summary>What a ring takes, what is too much for one and still sparse, and what is dense: a log that chooses has code for each.</summary>
    public static IReadOnlyList<RehearsalShape> All { get; } =
    [
        new(PagePattern.Runs, 1 << 14, 4000),
        new(PagePattern.Runs, 1 << 26, 80_000),
        new(PagePattern.Random, 1 << 14, 12_000),
    ];

    /// <summary>Those over page tables that take their time where guests are large: a hashed one is filled before it is measured, others may split all of their blocks.</summary>
    public static IReadOnlyList<RehearsalShape> Small { get; } = [.. All.Where(shape => shape.GuestPages == 1 << 14)];

    /// <summary>That of guests that really run, which store slowly where KVM emulates them.</summary>
    public static IReadOnlyList<RehearsalShape> Real { get; } = [new(PagePattern.Runs, 1 << 12, 500)];

    /// <summary>Those of a grid: small ones too where pages have bytes of their own.</summary>
    public static IReadOnlyList<RehearsalShape> For(HarvestSettings settings)
    {
        if (settings.Mmu == MmuChoice.Kvm)
            return Real;
        IReadOnlyList<RehearsalShape> simulated = settings.Mmu == MmuChoice.Flat && !settings.Logs.Any(log => log.NeedsOwnBytes) ? All : Small;
        return settings.HasReal ? [.. simulated, .. Real] : simulated;
    }

    /// <summary>Whether a log rehearses it.</summary>
    public bool IsFor(LogChoice log) => !log.IsReal || Real.Contains(this);
}
