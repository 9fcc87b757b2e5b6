using RingKit.Mmu.Tdp;

namespace RingKit.Properties.Tdp.Model;

/// <summary>How a <see cref="TdpProgram"/> begins.</summary>
internal sealed record TdpPlan
{
    /// <summary>Nothing is mapped, and the host has 4K pages.</summary>
    public static TdpPlan Empty { get; } = new() { Mapped = TdpMapped.None, HasLargePages = false };

    /// <summary>A large leaf that the log has taken W from.</summary>
    public static TdpPlan Large { get; } = new() { Mapped = TdpMapped.Large };

    /// <summary>512 small leaves, protected.</summary>
    public static TdpPlan Small { get; } = new() { Mapped = TdpMapped.Small };

    /// <summary>A table that is empty where a large leaf may be.</summary>
    public static TdpPlan Remains { get; } = new() { Mapped = TdpMapped.Remains, Logs = false };

    public TdpMapped Mapped { get; init; }

    public bool HasLargePages { get; init; } = true;

    /// <summary>Whether the slot is logged from the start on.</summary>
    public bool Logs { get; init; } = true;

    public TdpLogMethod Method { get; init; } = TdpLogMethod.WriteProtection;

    public TdpMistake Mistake { get; init; }

    public override string ToString() =>
        $"{Mapped}{(HasLargePages ? "" : ", 4K")}{(Logs ? ", logged" : "")}, {Method}{(Mistake == TdpMistake.None ? "" : $", {Mistake}")}: ";
}
