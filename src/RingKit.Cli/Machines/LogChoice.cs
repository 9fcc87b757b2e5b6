using System.Numerics;
using RingKit.Cli.RealGuests;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.DirtyLogging.Adaptive;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.Tdp;

namespace RingKit.Cli.Machines;

/// <summary>A dirty log that a command can be asked for.</summary>
/// <param name="Name">As on the command line and in reports.</param>
/// <param name="MakeMachine">Makes a machine whose page table the log fits.</param>
/// <param name="Make">Makes one for a machine.</param>
internal sealed record LogChoice(string Name, Func<GuestMemory, MachineSettings, VirtualMachine> MakeMachine, Func<VirtualMachine, MachineSettings, IDirtyLog> Make)
{
    // QEMU's rule: a 128th of the guest's memory.
    private const int MemoryToTable = 7;

    /// <summary>Those over the flat page table, in the order of reports: RingKit's own, then the simulated KVM's.</summary>
    public static IReadOnlyList<LogChoice> Flat { get; } =
    [
        new("bitmap", FlatMachine, (machine, _) => new BitmapDirtyLog(machine)),
        new("ring", FlatMachine, (machine, settings) => new RingDirtyLog(machine, settings.RingEntries)),
        new("summary", FlatMachine, (machine, _) => new SummaryDirtyLog(machine)),
        new("adaptive", FlatMachine, (machine, _) => new AdaptiveDirtyLog(machine)),
        new("sim-kvm-get", FlatMachine, (machine, _) => KvmLogs.Get(machine)),
        new("sim-kvm-clear", FlatMachine, (machine, _) => KvmLogs.Clear(machine)),
        new("sim-kvm-ring", FlatMachine, (machine, settings) => KvmLogs.Ring(machine, settings.RingEntries)),
    ];

    /// <summary>Those over a hashed page table: the guest's, or the host's with the guest's pages in it.</summary>
    public static IReadOnlyList<LogChoice> Hash { get; } =
    [
        .. Enum.GetValues<HashTableLogMethod>().Select(Hashed),
        new("shadow", (memory, settings) => new VirtualMachine(memory, settings.Vcpus, new Book3sPrOptions()), (machine, _) => new ShadowDirtyLog(machine)),
    ];

    /// <summary>Those over a stage-2 page table: the same as over the flat one.</summary>
    public static IReadOnlyList<LogChoice> Stage2 { get; } = FlatOver(Stage2Machine);

    /// <summary>Those over x86's second level, whose entries are write-protected.</summary>
    public static IReadOnlyList<LogChoice> Tdp { get; } = FlatOver(TdpMachine);

    /// <summary>Those over x86's second level, whose processors log pages by themselves.</summary>
    public static IReadOnlyList<LogChoice> TdpWithLog { get; } = FlatOver(TdpMachineWithLog);

    /// <summary>The kernel's own, of guests that really run on its KVM.</summary>
    public static IReadOnlyList<LogChoice> Real { get; } =
    [
        .. Enum.GetValues<KvmLogForm>().Select(form => new LogChoice(KvmDirtyLog.NameOf(form), NoMachine, NoLog) { RealForm = form, NeedsOwnBytes = true }),
        new(KvmDirtyLog.AdaptiveName, NoMachine, NoLog) { RealForm = KvmLogForm.Ring, IsRealAndMoves = true, NeedsOwnBytes = true },
    ];

    /// <summary>The form of the kernel's own log, of a guest that really runs; null for a simulated one. Such a choice makes nothing itself.</summary>
    public KvmLogForm? RealForm { get; init; }

    /// <summary>Whether its guests really run.</summary>
    public bool IsReal => RealForm is not null;

    /// <summary>Whether a guest that really runs begins in the form, and moves by a rule.</summary>
    public bool IsRealAndMoves { get; init; }

    /// <summary>Whether each page of the guest must have bytes of its own, since it is these that the log watches.</summary>
    public bool NeedsOwnBytes { get; init; }

    /// <summary>Whether it is the simulated KVM's: the calls of KVM's user, over records of the same kinds as RingKit's own.</summary>
    public bool IsKvms => Name.StartsWith("sim-kvm-", StringComparison.Ordinal);

    /// <summary>How a guest that really runs is made for this log.</summary>
    /// <param name="vcpus">Its vCPUs.</param>
    /// <param name="ringEntries">Entries of each vCPU's ring.</param>
    /// <param name="rule">By which it moves, if it does.</param>
    public KvmGuestOptions RealOptions(int vcpus, int ringEntries, IKvmFormRule rule) => new()
    {
        Vcpus = vcpus,
        Form = RealForm!.Value,
        Rule = IsRealAndMoves ? rule : null,
        RingEntries = ringEntries,
        DevicePath = KvmPath.Current,
    };

    /// <summary>A machine with the flat page table.</summary>
    public static VirtualMachine FlatMachine(GuestMemory memory, MachineSettings settings) => new(memory, settings.Vcpus);

    private static LogChoice[] FlatOver(Func<GuestMemory, MachineSettings, VirtualMachine> make) => [.. Flat.Select(log => log with { MakeMachine = make })];

    private static VirtualMachine NoMachine(GuestMemory memory, MachineSettings settings) =>
        throw new InvalidOperationException("A guest that really runs has no simulated machine.");

    private static IDirtyLog NoLog(VirtualMachine machine, MachineSettings settings) =>
        throw new InvalidOperationException("A guest that really runs has no simulated log.");

    private static VirtualMachine Stage2Machine(GuestMemory memory, MachineSettings settings) => new(memory, settings.Vcpus, settings.Stage2);

    private static VirtualMachine TdpMachine(GuestMemory memory, MachineSettings settings) =>
        new(memory, settings.Vcpus, settings.Tdp with { LogMethod = TdpLogMethod.WriteProtection });

    private static VirtualMachine TdpMachineWithLog(GuestMemory memory, MachineSettings settings) =>
        new(memory, settings.Vcpus, settings.Tdp with { LogMethod = TdpLogMethod.ModificationLog });

    private static LogChoice Hashed(HashTableLogMethod method)
    {
        string name = method switch
        {
            HashTableLogMethod.Walk => "walk",
            HashTableLogMethod.Sweep => "sweep",
            HashTableLogMethod.Cheapest => "chooser",
            _ => "faults",
        };
        return new(name, HashMachine, (machine, _) => new HashTableDirtyLog(machine, method));
    }

    private static VirtualMachine HashMachine(GuestMemory memory, MachineSettings settings) =>
        new(memory, settings.Vcpus, new HashTableOptions { Order = OrderFor(memory), BackingShift = GuestPage.Shift });

    private static int OrderFor(GuestMemory memory)
    {
        ulong bytes = memory.Slots.Aggregate(0UL, (sum, slot) => sum + (slot.PageCount << GuestPage.Shift));
        int order = BitOperations.Log2(BitOperations.RoundUpToPowerOf2(bytes)) - MemoryToTable;
        return Math.Clamp(order, HptGeometry.MinimumOrder, HptGeometry.MaximumOrder);
    }
}
