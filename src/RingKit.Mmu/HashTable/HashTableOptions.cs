namespace RingKit.Mmu.HashTable;

/// <summary>How a guest's hashed page table is made, and which generation of KVM looks after it.</summary>
public sealed record HashTableOptions
{
    /// <summary>log2 of the table's size in bytes, <see cref="HptGeometry.MinimumOrder"/> to <see cref="HptGeometry.MaximumOrder"/>. KVM's default is 24.</summary>
    public int Order { get; init; } = 24;

    /// <summary>log2 of the host's page size: 12 or 16. Dirty pages are pages of this size.</summary>
    public int PageShift { get; init; } = 12;

    /// <summary>log2 of the pages that the host has behind guest memory, at least <see cref="PageShift"/>: the guest can map pages up to this size.</summary>
    public int BackingShift { get; init; } = 24;

    /// <summary>What the guest maps: pages of <see cref="HptePageSize.Small"/>, <see cref="HptePageSize.Medium"/> or <see cref="HptePageSize.Large"/>.</summary>
    public HptePageSize GuestPageSize { get; init; } = HptePageSize.Small;

    /// <summary>
    /// Whether the processors put off setting C until they drop the translation, as the architecture lets them. A harvest while vCPUs run may then miss a
    /// page that was stored to; it is in a later one, at the latest in that after the vCPUs have left the guest.
    /// </summary>
    public bool DelaysChanged { get; init; }

    /// <summary>Where C of removed entries goes.</summary>
    public HashTableEra Era { get; init; } = HashTableEra.Current;

    /// <summary>Whether the table is in the format of ISA 3.0, as on a POWER9 host. The guest sees no difference.</summary>
    public bool Isa30 { get; init; }

    /// <summary>
    /// Whether a harvest reports all pages of a large page, and invalidates clean writable entries when no vCPU runs, so that C which a processor
    /// has not written back yet is not missed. KVM from 2014 on; false is what the first patches did.
    /// </summary>
    public bool HarvestsThoroughly { get; init; } = true;

    /// <summary>Past bugs to bring back, for the tests that have to find them.</summary>
    internal HashTableDefects Defects { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal static void Check(HashTableOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string? refusal = options switch
        {
            { Order: < HptGeometry.MinimumOrder or > HptGeometry.MaximumOrder } =>
                $"{nameof(Order)} must be from {HptGeometry.MinimumOrder} to {HptGeometry.MaximumOrder}.",
            { PageShift: not (12 or 16) } => $"{nameof(PageShift)} must be 12 or 16.",
            _ when options.BackingShift < options.PageShift || options.BackingShift > 34 =>
                $"{nameof(BackingShift)} must be from {options.PageShift}, the host's page, to 34.",
            _ when options.GuestPageSize.BaseShift != options.GuestPageSize.ActualShift || options.GuestPageSize.ActualShift is not (12 or 16 or 24)
                || options.GuestPageSize.ActualShift > options.BackingShift =>
                $"{nameof(GuestPageSize)} must be 4 KiB, 64 KiB or 16 MiB, and at most 2^{nameof(BackingShift)}.",
            _ when !Enum.IsDefined(options.Era) => $"{nameof(Era)} must be one of {string.Join(", ", Enum.GetNames<HashTableEra>())}.",
            _ => null,
        };
        if (refusal is not null)
            throw new ArgumentOutOfRangeException(nameof(options), options, refusal);
    }
}
