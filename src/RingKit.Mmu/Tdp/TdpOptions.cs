using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.PageTables;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp;

/// <summary>How a guest's memory is mapped by KVM on x86, and how its stores are logged.</summary>
public sealed record TdpOptions
{
    /// <summary>Which log the processor offers.</summary>
    public TdpLogMethod LogMethod { get; init; } = TdpLogMethod.WriteProtection;

    /// <summary>Whether the processor has A and D. The modification log needs them.</summary>
    public bool HasAccessDirty { get; init; } = true;

    /// <summary>Whether large mappings are split when logging starts, rather than by the first store to each. Linux: <c>eager_page_split</c>, on by default.</summary>
    public bool SplitsEagerly { get; init; } = true;

    /// <summary>
    /// Whether a read fault maps a frame writable where the host lets it be written, as KVM does. In a slot that is logged that marks the page dirty at once, though
    /// nothing was stored.
    /// </summary>
    public bool MapsReadsWritable { get; init; } = true;

    /// <summary>What becomes of small mappings when logging stops.</summary>
    public TdpRecovery Recovery { get; init; } = TdpRecovery.InPlace;

    /// <summary>Whose rules choose the level of a mapping.</summary>
    public MappingForm Form { get; init; } = MappingForm.RingKit;

    /// <summary>What kind of machine it is, for the choice of levels.</summary>
    public MappingOptions Mapping { get; init; } = new();

    /// <summary>The largest pages by which the host maps slots: 4K, 2M or 1G.</summary>
    public MappingLevel HostLevel { get; init; } = MappingLevel.Size2M;

    /// <summary>What slots have behind them, where it is not plain memory.</summary>
    public IReadOnlyList<TdpSlotOptions> Slots { get; init; } = [];

    /// <summary>
    /// The bit of a guest-physical address by which an access says that it means private memory, 12 to 47 and above all slots; 0 if accesses do not say, and are always
    /// of the frame's kind.
    /// </summary>
    public int PrivateAddressBit { get; init; }

    /// <summary>How many tables there may be beside the root, up to 2^24; 0 for as many as the slots can need.</summary>
    public int MaximumTables { get; init; }

    /// <summary>Past bugs to bring back, for the tests that have to find them.</summary>
    internal TdpDefects Defects { get; init; }

    // A file is smaller than 2^63 bytes, with the slot's own pages, of which there are less than 2^31.
    private const ulong MostFilePages = (1UL << 51) - (1UL << 31);
    private const int MostTables = TablePool<HardwareOrdering>.MostTables;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">A slot is none of the memory's, or there twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal static void Check(TdpOptions options, GuestMemory memory)
    {
        ArgumentNullException.ThrowIfNull(options);
        string? refusal = options switch
        {
            _ when !Enum.IsDefined(options.LogMethod) => Choice<TdpLogMethod>(nameof(LogMethod)),
            _ when !Enum.IsDefined(options.Recovery) => Choice<TdpRecovery>(nameof(Recovery)),
            _ when !Enum.IsDefined(options.Form) => Choice<MappingForm>(nameof(Form)),
            { HasAccessDirty: false, LogMethod: TdpLogMethod.ModificationLog } => $"{nameof(LogMethod)} can be the modification log only with A and D.",
            { HostLevel: < MappingLevel.Size4K or > MappingLevel.Size1G } => $"{nameof(HostLevel)} must be 4K, 2M or 1G.",
            { PrivateAddressBit: not 0 and (< GuestPage.Shift or > 47) } => $"{nameof(PrivateAddressBit)} must be 0, or from {GuestPage.Shift} to 47.",
            { MaximumTables: < 0 or > MostTables } => $"{nameof(MaximumTables)} must be from 0 to {MostTables}.",
            _ => null,
        };
        if (refusal is not null)
            throw new ArgumentOutOfRangeException(nameof(options), options, refusal);

        ulong end = 1UL << ((options.PrivateAddressBit == 0 ? 48 : options.PrivateAddressBit) - GuestPage.Shift);
        foreach (MemorySlot slot in memory.Slots)
        {
            if (slot.BaseGfn >= end || slot.PageCount > end - slot.BaseGfn)
                throw new ArgumentException($"Slot {slot.Id} ends beyond frame {end}.", nameof(memory));
        }

        foreach (TdpSlotOptions slot in options.Slots)
        {
            if (memory.FindById(slot.SlotId) is null || options.Slots.Count(other => other.SlotId == slot.SlotId) > 1)
                throw new ArgumentException($"Slot {slot.SlotId} is not there, or there twice.", nameof(options));
            if (slot.GmemOrder is < 0 or > GuestMemfd.MaximumOrder)
                throw new ArgumentOutOfRangeException(nameof(options), slot.GmemOrder, $"{nameof(slot.GmemOrder)} must be from 0 to {GuestMemfd.MaximumOrder}.");
            if (slot.GmemFirstPage > MostFilePages)
                throw new ArgumentOutOfRangeException(nameof(options), slot.GmemFirstPage, $"{nameof(slot.GmemFirstPage)} must be from 0 to {MostFilePages}.");
            if (slot.HostLevel is < MappingLevel.Size4K or > MappingLevel.Size1G)
                throw new ArgumentOutOfRangeException(nameof(options), slot.HostLevel, $"{nameof(slot.HostLevel)} must be 4K, 2M or 1G.");
        }
    }

    private static string Choice<T>(string name)
        where T : struct, Enum => $"{name} must be one of {string.Join(", ", Enum.GetNames<T>())}.";
}
