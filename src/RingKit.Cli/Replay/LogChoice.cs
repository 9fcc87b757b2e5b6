using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>A dirty log that a replay can be asked for.</summary>
/// <param name="Name">As on the command line and in reports.</param>
/// <param name="Make">Makes one for a machine.</param>
internal sealed record LogChoice(string Name, Func<VirtualMachine, ReplaySettings, IDirtyLog> Make)
{
    /// <summary>All of them, in the order of reports.</summary>
    public static IReadOnlyList<LogChoice> All { get; } =
    [
        new("bitmap", (machine, _) => new BitmapDirtyLog(machine)),
        new("ring", (machine, settings) => new RingDirtyLog(machine, settings.RingEntries)),
    ];
}
