namespace RingKit.Mmu.Mapping;

/// <summary>What kind of machine a <see cref="MappingSpace"/> belongs to.</summary>
public sealed record MappingOptions
{
    /// <summary>Whether the machine has private memory, and so attributes. KVM: a property of the VM's type.</summary>
    public bool HasPrivateMemory { get; init; } = true;

    /// <summary>
    /// Whether slots of guest_memfd may log dirty pages. KVM refuses (EINVAL); RingKit's extension allows it, when the slot is made and by a
    /// later change of that flag alone.
    /// </summary>
    public bool LogsGuestMemfd { get; init; }

    /// <summary>The largest level that the machine's tables have: 4K, 2M or 1G. KVM: <c>max_huge_page_level</c>.</summary>
    public MappingLevel LargestLevel { get; init; } = MappingLevel.Size1G;

    /// <summary>
    /// The largest level of private memory that the processor's maker allows, or <see cref="MappingLevel.None"/> for no limit.
    /// KVM's hook: 4K for TDX, the RMP entry's level for SNP.
    /// </summary>
    public MappingLevel PrivateLimit { get; init; } = MappingLevel.None;

    /// <summary>Whether pages that the guest executes are mapped by 4K: the workaround for the iTLB multihit erratum.</summary>
    public bool NxHugePages { get; init; }

    /// <summary>Past bugs to bring back, for the tests that have to find them.</summary>
    internal MappingDefects Defects { get; init; }
}
