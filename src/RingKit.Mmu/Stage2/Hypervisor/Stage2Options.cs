using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.PageTables;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>How a guest's stage-2 table is made, and which generation of KVM looks after it.</summary>
public sealed record Stage2Options
{
    /// <summary>Bits of an IPA, <see cref="Stage2Geometry.MinimumIpaBits"/> to <see cref="Stage2Geometry.MaximumIpaBits"/>.</summary>
    public int IpaBits { get; init; } = Stage2Geometry.DefaultIpaBits;

    /// <summary>Which fault handler.</summary>
    public Stage2Generation Generation { get; init; } = Stage2Generation.Current;

    /// <summary>Whether the host has transparent huge pages behind the slots that a machine makes by itself.</summary>
    public bool HasHugePages { get; init; } = true;

    /// <summary>Whether the processor has FEAT_S2FWB: MemAttr is encoded otherwise, and cacheable memory of a driver may be mapped.</summary>
    public bool HasForcedWriteBack { get; init; }

    /// <summary>Whether instruction caches are coherent (CTR_EL0.DIC): pages are executable from the start, else when a fetch faults.</summary>
    public bool HasCoherentInstructionCache { get; init; }

    /// <summary>Blocks are split ahead of the guest's stores in pieces of so many bytes: 0 for not at all, 4 KiB, 2 MiB or 1 GiB. Source: KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE.</summary>
    public ulong EagerSplitChunk { get; init; }

    /// <summary>Whether the processors set AF themselves, as FEAT_HAFDBS has it; else the first access to a page that was aged faults.</summary>
    public bool HasHardwareAccessFlag { get; init; } = true;

    /// <summary>What logs protect for a word of their bitmap: arm64's span, or exactly the word's pages as x86 does.</summary>
    public MaskedProtection MaskedProtection { get; init; } = MaskedProtection.Span;

    /// <summary>How many tables there may be beside the start table, up to 2^24; 0 for as many as the slots can need.</summary>
    public int MaximumTables { get; init; }

    /// <summary>Past bugs to bring back, for the tests that have to find them.</summary>
    internal Stage2Defects Defects { get; init; }

    /// <summary>Is told of every change of the table and every invalidation, in tests of one thread.</summary>
    internal Stage2Checker? Checker { get; init; }

    private const int MostTables = TablePool<HardwareOrdering>.MostTables;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal static void Check(Stage2Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string? refusal = options switch
        {
            { IpaBits: < Stage2Geometry.MinimumIpaBits or > Stage2Geometry.MaximumIpaBits } =>
                $"{nameof(IpaBits)} must be from {Stage2Geometry.MinimumIpaBits} to {Stage2Geometry.MaximumIpaBits}.",
            { EagerSplitChunk: var chunk } when !IsSplitChunk(chunk) => $"{nameof(EagerSplitChunk)} must be 0, 4 KiB, 2 MiB or 1 GiB.",
            { MaskedProtection: var rule } when !Enum.IsDefined(rule) =>
                $"{nameof(MaskedProtection)} must be one of {string.Join(", ", Enum.GetNames<MaskedProtection>())}.",
            { MaximumTables: < 0 or > MostTables } => $"{nameof(MaximumTables)} must be from 0 to {MostTables}.",
            _ when !Enum.IsDefined(options.Generation) =>
                $"{nameof(Generation)} must be one of {string.Join(", ", Enum.GetNames<Stage2Generation>())}.",
            _ => null,
        };
        if (refusal is not null)
            throw new ArgumentOutOfRangeException(nameof(options), options, refusal);
    }

    /// <summary>Whether blocks can be split in such pieces: the sizes of pages and blocks with a 4K granule, or 0.</summary>
    internal static bool IsSplitChunk(ulong chunk) => chunk is 0 or 1ul << 12 or 1ul << 21 or 1ul << 30;
}
