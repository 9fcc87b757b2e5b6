using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.DirtyLogging.Writes;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging.Adaptive;
using RingKit.Properties.DirtyLogging.Kvm;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>Every log over every page table that it fits, in every mode.</summary>
internal static class SelfTestCases
{
    private static readonly TdpOptions Logging = new() { MapsReadsWritable = false, LogMethod = TdpLogMethod.ModificationLog };

    private const ManualProtect InitiallySet = ManualProtect.Enabled | ManualProtect.InitiallySet;

    private static readonly (string Name, Func<VirtualMachine, IDirtyLog> Make, SelfTestExceptions Exceptions)[] Logs =
    [
        ("bitmap", machine => new BitmapDirtyLog(machine), SelfTestExceptions.None),
        ("summary", machine => new SummaryDirtyLog(machine), SelfTestExceptions.None),
        ("adaptive", machine => Adaptive(machine, new AdaptiveRule()), SelfTestExceptions.None),
        ("adaptive, always moving", machine => Adaptive(machine, new FixedRule(FixedRule.AllMoves)), SelfTestExceptions.None),
        ("ring", machine => Ring(machine, withBitmap: false), SelfTestExceptions.None),
        ("ring, always full", Tiny, SelfTestExceptions.None),
        ("ring with bitmap", machine => Ring(machine, withBitmap: true), SelfTestExceptions.None),
        ("ring of kvm", KvmLogs.Rings, SelfTestExceptions.None),
        ("bitmap of kvm", KvmLogs.Bitmaps, SelfTestExceptions.None),
        ("bitmap of kvm, cleared by its user", KvmLogs.ClearedBitmaps, SelfTestExceptions.None),
        ("memslot", machine => new MemslotDirtyLog(machine), SelfTestExceptions.None),
        ("memslot, manual", machine => Manual(machine, ManualProtect.Enabled, MaskedProtection.Exact), SelfTestExceptions.None),
        ("memslot, initially set", machine => Manual(machine, InitiallySet, MaskedProtection.Span), SelfTestExceptions.InitiallySet),
    ];

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyDictionary<string, SelfTestCase> All { get; } =
        Protecting().Concat(Hashed()).ToDictionary(test => test.Name, StringComparer.Ordinal);

    /// <summary>Those whose name contains what <c>RINGKIT_SELFTEST</c> says; all if it says nothing.</summary>
    public static IEnumerable<SelfTestCase> Chosen =>
        All.Values.Where(test => test.Name.Contains(Environment.GetEnvironmentVariable("RINGKIT_SELFTEST") ?? "", StringComparison.Ordinal));

    /// <summary>A quarter of them that has each log, and each page table, by turns.</summary>
    public static IEnumerable<SelfTestCase> Quarter(int turn) => Chosen
        .Where((_, i) => ((i / Logs.Length) + (i % Logs.Length) + (turn & 3)) % 4 == 0);

    private static IEnumerable<SelfTestCase> Protecting()
    {
        (string Name, SelfTestCase Table)[] tables =
        [
            ("flat", new("", (memory, vcpus) => new VirtualMachine(memory, vcpus), null!, default)),
            ("stage 2, pages", Stage2(new Stage2Options { HasHugePages = false })),
            ("stage 2, pages, no AF in hardware", Stage2(new Stage2Options { HasHugePages = false, HasHardwareAccessFlag = false })),
            ("stage 2, blocks", Stage2(new Stage2Options())),
            ("stage 2, blocks split ahead", Stage2(new Stage2Options { EagerSplitChunk = 1 << 21, MaskedProtection = MaskedProtection.Exact })),
            ("stage 2 of 2014, pages", Stage2(new Stage2Options { HasHugePages = false, Generation = Stage2Generation.Posted2014 })),
            ("stage 2 of 2014, blocks", Stage2(new Stage2Options { Generation = Stage2Generation.Posted2014 })),
            ("tdp, protected, split ahead", Tdp(new TdpOptions { MapsReadsWritable = false })),
            ("tdp, protected, split by stores", Tdp(new TdpOptions { MapsReadsWritable = false, SplitsEagerly = false })),
            ("tdp, reads mapped writable", Tdp(new TdpOptions())),
            ("tdp, no A and D", Tdp(new TdpOptions { MapsReadsWritable = false, HasAccessDirty = false, Recovery = TdpRecovery.Zap })),
            ("tdp, modification log", Tdp(Logging)),
            ("tdp, modification log, split by stores", Tdp(Logging with { SplitsEagerly = false })),
        ];
        return
            from table in tables
            from log in Logs
            select table.Table with
            {
                Name = $"{table.Name}: {log.Name}",
                MakeLog = log.Make,
                Exceptions = log.Exceptions | UnretiredStoreOf(table.Name, log.Name),
            };
    }

    // Where a fault that has recorded its page may have to ask for room again: see UnretiredStores.
    private static SelfTestExceptions UnretiredStoreOf(string table, string log) =>
        log.StartsWith("ring", StringComparison.Ordinal)
        && (table.StartsWith("tdp", StringComparison.Ordinal) || (table.StartsWith("stage 2", StringComparison.Ordinal) && log == "ring, always full"))
            ? SelfTestExceptions.UnretiredStore
            : SelfTestExceptions.None;

    private static IEnumerable<SelfTestCase> Hashed()
    {
        (string Name, HashTableOptions Options)[] tables =
        [
            ("hash", new HashTableOptions()),
            ("hash, C written late", new HashTableOptions { DelaysChanged = true }),
            ("hash of 2012", new HashTableOptions { Era = HashTableEra.ChangedBit }),
            ("hash of 2015", new HashTableOptions { Era = HashTableEra.ChangedOrder }),
        ];
        foreach ((string name, HashTableOptions options) in tables)
        {
            HashTableOptions small = options with { Order = HptGeometry.MinimumOrder, BackingShift = GuestPage.Shift };
            foreach (HashTableLogMethod method in Enum.GetValues<HashTableLogMethod>())
            {
                yield return new SelfTestCase(
                    $"{name}: {method}",
                    (memory, vcpus) => new VirtualMachine(memory, vcpus, small),
                    machine => new HashTableDirtyLog(machine, method),
                    SelfTestExceptions.None);
            }
        }

        yield return new SelfTestCase(
            "shadow",
            (memory, vcpus) => new VirtualMachine(memory, vcpus, new Book3sPrOptions()),
            machine => new ShadowDirtyLog(machine),
            SelfTestExceptions.None)
        {
            ChangeFrame = (machine, gfn, _) => machine.Shadow!.PageOut(gfn),
        };
    }

    private static SelfTestCase Stage2(Stage2Options options) => new("", (memory, vcpus) => new VirtualMachine(memory, vcpus, options), null!, default)
    {
        ChangeFrame = (machine, gfn, choice) => Change(machine.Stage2!, gfn, (ulong)choice),
    };

    private static SelfTestCase Tdp(TdpOptions options) => new("", (memory, vcpus) => new VirtualMachine(memory, vcpus, options), null!, default)
    {
        Reads = !options.MapsReadsWritable,
        ChangeFrame = (machine, gfn, choice) =>
        {
            MemorySlot slot = machine.Memory.FindByGfn(gfn)!;
            ulong offset = gfn - slot.BaseGfn, pages = Math.Min(1 + ((ulong)choice * 9), slot.PageCount - offset);
            machine.Tdp!.SetHostLevel(slot, offset, pages, choice % 2 == 0 ? MappingLevel.Size4K : MappingLevel.Size2M);
        },
    };

    private static void Change(Stage2Hv stage2, ulong gfn, ulong choice)
    {
        switch (choice % 7)
        {
            case 0:
                stage2.Invalidate(gfn, choice);
                break;
            case 1:
                stage2.Age(gfn, choice);
                break;
            case 2:
                stage2.SplitHugePages(gfn, choice);
                break;
            case 3:
                stage2.CollapseHugePages(gfn, choice * 9);
                break;
            case 4:
                stage2.Migrate(gfn, choice / 8);
                break;
            case 5:
                stage2.Reclaim(gfn, choice / 8);
                break;
            default:
                stage2.Share(gfn, choice / 8);
                break;
        }
    }

    // As small as may be, so that rings are full all the time: the reserve is for what one exit brings.
    private static RingDirtyLog Ring(VirtualMachine machine, bool withBitmap) =>
        new(machine, ringEntries: machine.Mmu.RecordsPerExit == 0 ? 32 : 1024, reservedEntries: 8, withBitmap ? VcpulessWrites.Bitmap : VcpulessWrites.Refuse);

    private static AdaptiveDirtyLog Adaptive(VirtualMachine machine, IAdaptiveRule rule) =>
        new(machine, new AdaptiveLogOptions { RingEntries = 32, Rule = rule });

    // The first page that a vCPU records is one too many, and the second has no room: it leaves the guest wherever it can.
    private static RingDirtyLog Tiny(VirtualMachine machine) =>
        machine.Mmu.RecordsPerExit == 0 ? new(machine, ringEntries: 2, reservedEntries: 1) : new(machine, ringEntries: 1024, reservedEntries: 511);

    private static MemslotDirtyLog Manual(VirtualMachine machine, ManualProtect mode, MaskedProtection protection) =>
        new(machine, new MemslotLogOptions { ManualProtect = mode, Protection = protection });
}
