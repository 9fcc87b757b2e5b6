using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging.Adaptive;

namespace RingKit.Properties.Migration.Small;

/// <summary>A kind of small machine with a dirty log.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Weight">How often random choices take it.</param>
/// <param name="MakeMachine">Makes the machine, of so many vCPUs.</param>
/// <param name="MakeLog">Makes the log.</param>
internal sealed record SmallMachine(
    string Name, int Weight, Func<GuestMemory, int, VirtualMachine> MakeMachine, Func<VirtualMachine, IDirtyLog> MakeLog)
{
    private static readonly Func<GuestMemory, int, VirtualMachine> Flat = (memory, vcpus) => new VirtualMachine(memory, vcpus);

    /// <summary>All kinds. A hashed page table costs much more to make than the others.</summary>
    public static IReadOnlyList<SmallMachine> All { get; } =
    [
        new("flat, bitmap", 20, Flat, machine => new BitmapDirtyLog(machine)),
        new("flat, ring", 20, Flat, Ring),
        new("flat, summary", 10, Flat, machine => new SummaryDirtyLog(machine)),
        new("flat, adaptive", 10, Flat, machine => Adaptive(machine, new AdaptiveRule())),
        new("flat, adaptive, always moving", 10, Flat, machine => Adaptive(machine, new FixedRule(FixedRule.AllMoves))),
        new("flat, kvm", 10, Flat, machine => new KvmDirtyLog(machine, new KvmCapabilities(KvmProfile.X86))),
        new("flat, kvm ring", 10, Flat, KvmRing),
        new("flat, memslot", 10, Flat, machine => new MemslotDirtyLog(machine)),
        new("flat, memslot, initially set", 10, Flat, InitiallySet),
        new("shadow", 5, (memory, vcpus) => new VirtualMachine(memory, vcpus, new Book3sPrOptions()), machine => new ShadowDirtyLog(machine)),
        new("stage 2, bitmap", 10, Stage2(Stage2Generation.Current), machine => new BitmapDirtyLog(machine)),
        new("stage 2, ring", 10, Stage2(Stage2Generation.Current), Ring),
        new("stage 2, memslot, initially set", 5, Stage2(Stage2Generation.Current), InitiallySet),
        new("stage 2 of 2014, bitmap", 5, Stage2(Stage2Generation.Posted2014), machine => new BitmapDirtyLog(machine)),
        new("tdp write protection, ring", 5, Tdp(TdpLogMethod.WriteProtection), Ring),
        new("tdp modification log, bitmap", 5, Tdp(TdpLogMethod.ModificationLog), machine => new BitmapDirtyLog(machine)),
        new("tdp modification log, ring", 2, Tdp(TdpLogMethod.ModificationLog), machine => new RingDirtyLog(machine, ringEntries: 1024)),
        .. Enum.GetValues<HashTableLogMethod>().Select(method => new SmallMachine($"hash, {method}", 1, Hash, machine => new HashTableDirtyLog(machine, method))),
    ];

    private static int TotalWeight { get; } = All.Sum(kind => kind.Weight);

    /// <summary>One of them.</summary>
    public static SmallMachine Choose(Random random)
    {
        int left = random.Next(TotalWeight);
        foreach (SmallMachine kind in All)
        {
            left -= kind.Weight;
            if (left < 0)
                return kind;
        }

        throw new InvalidOperationException("The weights do not add up.");
    }

    public override string ToString() => Name;

    private static RingDirtyLog Ring(VirtualMachine machine) => new(machine, ringEntries: 16, reservedEntries: 4);

    private static AdaptiveDirtyLog Adaptive(VirtualMachine machine, IAdaptiveRule rule) =>
        new(machine, new AdaptiveLogOptions { RingEntries = 16, Rule = rule });

    private static KvmDirtyLog KvmRing(VirtualMachine machine)
    {
        var capabilities = new KvmCapabilities(KvmProfile.X86);
        if (capabilities.EnableCap(KvmCapability.DirtyLogRing, 1024 * 16) is not Errno.None and var error)
            throw new InvalidOperationException($"The ring was refused: {error}.");
        return new KvmDirtyLog(machine, capabilities);
    }

    private static MemslotDirtyLog InitiallySet(VirtualMachine machine) =>
        new(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled | ManualProtect.InitiallySet });

    private static VirtualMachine Hash(GuestMemory memory, int vcpus) =>
        new(memory, vcpus, new HashTableOptions { Order = HptGeometry.MinimumOrder, BackingShift = GuestPage.Shift });

    private static Func<GuestMemory, int, VirtualMachine> Stage2(Stage2Generation generation) =>
        (memory, vcpus) => new VirtualMachine(memory, vcpus, new Stage2Options { Generation = generation });

    private static Func<GuestMemory, int, VirtualMachine> Tdp(TdpLogMethod method) =>
        (memory, vcpus) => new VirtualMachine(memory, vcpus, new TdpOptions { LogMethod = method });
}
