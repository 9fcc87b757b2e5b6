using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging;

/// <summary>The logs that protect pages, for tests of a machine that are run over several of them.</summary>
internal static class LogsUnderStress
{
    public const string Bitmap = "bitmap";
    public const string Ring = "ring";
    public const string Manual = "memslot, manual";
    public const string InitiallySet = "memslot, initially set";

    public static WriteProtectingLog Make(string name, VirtualMachine machine, MaskedProtection protection = MaskedProtection.Exact) => name switch
    {
        Bitmap => new BitmapDirtyLog(machine),
        Ring => new RingDirtyLog(machine, ringEntries: machine.Mmu.RecordsPerExit == 0 ? 256 : 1024),
        Manual => Memslot(machine, ManualProtect.Enabled, protection),
        InitiallySet => Memslot(machine, ManualProtect.Enabled | ManualProtect.InitiallySet, protection),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such log."),
    };

    private static MemslotDirtyLog Memslot(VirtualMachine machine, ManualProtect mode, MaskedProtection protection) =>
        new(machine, new MemslotLogOptions { ManualProtect = mode, Protection = protection });
}
