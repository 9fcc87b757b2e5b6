namespace RingKit.Cli.Machines;

/// <summary>A page table that a command can be asked for.</summary>
/// <param name="Name">As on the command line and in reports.</param>
/// <param name="Logs">The dirty logs over it.</param>
internal sealed record MmuChoice(string Name, IReadOnlyList<LogChoice> Logs)
{
    /// <summary>An array of entries for each slot.</summary>
    public static MmuChoice Flat { get; } = new("flat", LogChoice.Flat);

    /// <summary>PowerPC's hashed page table, filled by hypercalls or by a hypervisor that shadows the guest's.</summary>
    public static MmuChoice Hash { get; } = new("hash", LogChoice.Hash);

    /// <summary>The second stage of arm64's translation, by the settings' options.</summary>
    public static MmuChoice Stage2 { get; } = new("stage2", LogChoice.Stage2);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MmuChoice> All { get; } = [Flat, Hash, Stage2];
}
