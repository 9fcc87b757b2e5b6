using RingKit.Cli.Machines;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.Guest;

namespace RingKit.Bench.Harvest;

/// <summary>The adaptive log, held still in each of its forms, and as it is.</summary>
internal static class FormLogs
{
    // None of the cells fills it.
    public const int EnoughEntries = 1 << 21;

    /// <summary>Rings of several sizes, the bitmap with summaries, the bitmap alone, and whatever the rule chooses.</summary>
    public static IReadOnlyList<LogChoice> All { get; } =
    [
        new("ring", LogChoice.FlatMachine, (machine, _) => new RingDirtyLog(machine)),
        Still("ring-4k", DirtyLogForm.Ring, 1 << 12),
        Still("ring-64k", DirtyLogForm.Ring, 1 << 16),
        Still("ring-2m", DirtyLogForm.Ring, EnoughEntries),
        Still("summary", DirtyLogForm.Summary, 1),
        Still("bitmap", DirtyLogForm.Bitmap, 1),
        new("adaptive", LogChoice.FlatMachine, (machine, _) => new AdaptiveDirtyLog(machine)),
    ];

    private static LogChoice Still(string name, DirtyLogForm form, int entries) => new(name, LogChoice.FlatMachine, (machine, _) => Hold(machine, form, entries));

    private static AdaptiveDirtyLog Hold(VirtualMachine machine, DirtyLogForm form, int entries)
    {
        var log = new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { RingEntries = entries, Rule = new StillRule(form) });
        log.Clear();
        log.Clear();
        return log;
    }
}
