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

    /// <summary>Blocks are split ahead of the guest's stores in pieces of so many bytes: 0 for not at all, 4 KiB, 2 MiB or 1 GiB. Source: KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE.</summary>
    public ulong EagerSplitChunk { get; init; }

    /// <summary>How many tables there may be beside the start table; 0 for as many as the slots can need.</summary>
    public int MaximumTables { get; init; }

    /// <summary>Past bugs to bring back, for the tests that have to find them.</summary>
    internal Stage2Defects Defects { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal static void Check(Stage2Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string? refusal = options switch
        {
            { IpaBits: < Stage2Geometry.MinimumIpaBits or > Stage2Geometry.MaximumIpaBits } =>
                $"{nameof(IpaBits)} must be from {Stage2Geometry.MinimumIpaBits} to {Stage2Geometry.MaximumIpaBits}.",
            { EagerSplitChunk: not (0 or 1ul << 12 or 1ul << 21 or 1ul << 30) } => $"{nameof(EagerSplitChunk)} must be 0, 4 KiB, 2 MiB or 1 GiB.",
            { MaximumTables: < 0 } => $"{nameof(MaximumTables)} must not be negative.",
            _ when !Enum.IsDefined(options.Generation) =>
                $"{nameof(Generation)} must be one of {string.Join(", ", Enum.GetNames<Stage2Generation>())}.",
            _ => null,
        };
        if (refusal is not null)
            throw new ArgumentOutOfRangeException(nameof(options), options, refusal);
    }
}
