using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>A dirty log that a replay can be asked for.</summary>
/// <param name="Name">As on the command line and in reports.</param>
/// <param name="Make">Makes one for a machine.</param>
internal sealed record LogChoice(string Name, Func<VirtualMachine, ReplaySettings, IDirtyLog> Make)
{
    /// <summary>Those over the flat page table, in the order of reports.</summary>
    public static IReadOnlyList<LogChoice> Flat { get; } =
    [
        new("bitmap", (machine, _) => new BitmapDirtyLog(machine)),
        new("ring", (machine, settings) => new RingDirtyLog(machine, settings.RingEntries)),
    ];

    /// <summary>Those over the hashed page table.</summary>
    public static IReadOnlyList<LogChoice> Hash { get; } = [.. Enum.GetValues<HashTableLogMethod>().Select(Hashed)];

    private static LogChoice Hashed(HashTableLogMethod method)
    {
        string name = method switch
        {
            HashTableLogMethod.Walk => "walk",
            HashTableLogMethod.Sweep => "sweep",
            HashTableLogMethod.Cheapest => "chooser",
            _ => "faults",
        };
        return new(name, (machine, _) => new HashTableDirtyLog(machine, method));
    }
}
