using RingKit.Cli.Commands;
using RingKit.Cli.Machines;
using RingKit.Kvm.Host;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest;

/// <summary>The logs that are compared: those that every command takes, and KVM's bitmaps without the calls around them.</summary>
internal static class HarvestLogs
{
    /// <summary>Those over a page table that are compared if nobody says which: not KVM's, whose records are those of others.</summary>
    public static IReadOnlyList<LogChoice> UsualOver(MmuChoice mmu) => [.. Over(mmu).Where(log => !log.IsKvms)];

    /// <summary>Whether a log chooses among the others, so that it is held against the best of them.</summary>
    public static bool Chooses(LogChoice log) => log.Name is "adaptive" or "chooser";

    /// <summary>Those over a page table, in the order of reports.</summary>
    public static IReadOnlyList<LogChoice> Over(MmuChoice mmu) => mmu == MmuChoice.Hash || mmu == MmuChoice.Kvm ? mmu.Logs :
    [
        .. mmu.Logs,
        mmu.Logs[0] with { Name = "get", Make = (machine, _) => new MemslotDirtyLog(machine) },
        mmu.Logs[0] with { Name = "get-clear", Make = (machine, _) => new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled }) },
    ];

    /// <summary>
    /// The same with those that are taken only where they are named, since they need the guest's bytes for real: the kernel's own, of guests that really run, and the host's kernel,
    /// which tracks them.
    /// </summary>
    public static IReadOnlyList<LogChoice> NamedOver(MmuChoice mmu) => mmu != MmuChoice.Flat && mmu != MmuChoice.Kvm ? Over(mmu) :
    [
        .. Over(mmu),
        .. mmu == MmuChoice.Flat ? LogChoice.Real : [],
        MmuChoice.Flat.Logs[0] with { Name = "host", Make = (machine, _) => Host(machine), NeedsOwnBytes = true },
    ];

    private static HostMachineLog Host(VirtualMachine machine)
    {
        try
        {
            return new HostMachineLog(machine);
        }
        catch (HostTrackingException e)
        {
            throw new CommandException($"--logs host: {e.Message}", e);
        }
    }
}
