using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Mapping;

/// <summary>A machine's memory as the choice of mapping levels sees it: slots, their large-page info, attributes, and the host's own mapping.</summary>
/// <remarks>
/// Nothing changes when a call is refused. Thread role: one thread at a time (KVM: slots_lock for changes of slots and attributes, mmu_lock for
/// the choice of a level and for large-page info).
/// </remarks>
public sealed partial class MappingSpace
{
    /// <summary>2^40 frames: what an x86 machine's 52 bits of physical address can name.</summary>
    public const ulong MaximumFrames = 1UL << (52 - GuestPage.Shift);

    /// <summary>How many slots there may be: ids are below. KVM: <c>KVM_USER_MEM_SLOTS</c>.</summary>
    public const uint MaximumSlots = short.MaxValue - 3;

    private readonly List<Entry> _entries = [];

    /// <summary>An empty machine.</summary>
    /// <param name="options">What kind of machine; null for one with private memory and no limits.</param>
    /// <exception cref="ArgumentOutOfRangeException">A level of the options is none of those allowed.</exception>
    public MappingSpace(MappingOptions? options = null)
    {
        Options = options ?? new MappingOptions();
        MappingLevels.Check(Options.LargestLevel, nameof(options));
        if (Options.PrivateLimit != MappingLevel.None)
            MappingLevels.Check(Options.PrivateLimit, nameof(options));
    }

    /// <summary>What kind of machine it is.</summary>
    public MappingOptions Options { get; }

    /// <summary>Which frames are private.</summary>
    public MemoryAttributes Attributes { get; } = new();

    /// <summary>How large the host maps the process.</summary>
    public HostMapping Host { get; } = new();

    /// <summary>The slots, by ascending frames.</summary>
    public IEnumerable<MappingSlot> Slots => _entries.Select(entry => entry.Slot);

    /// <summary>The slot of a frame, or null.</summary>
    /// <param name="gfn">Any guest frame number.</param>
    public MappingSlot? FindByGfn(ulong gfn) => EntryOf(gfn)?.Slot;

    /// <summary>The slot of an id, or null.</summary>
    /// <param name="id">Any value.</param>
    public MappingSlot? FindById(uint id) => _entries.Find(entry => entry.Slot.Id == id)?.Slot;

    /// <summary>The large-page info of the slot of a frame.</summary>
    /// <param name="gfn">A frame of a slot.</param>
    /// <exception cref="ArgumentOutOfRangeException">No slot holds the frame.</exception>
    public LargePageInfo LargePagesAt(ulong gfn) => RequireEntry(gfn).LargePages;

    /// <summary>Makes a guest_memfd file of this machine, all of order 0. Linux: <c>KVM_CREATE_GUEST_MEMFD</c>.</summary>
    /// <param name="size">In bytes: a multiple of 4096, from 4096 to 2^63 - 1.</param>
    /// <param name="flags">Whether the host may map it, and how its memory begins.</param>
    /// <param name="file">The file, or null if it was refused.</param>
    /// <returns><see cref="Errno.Invalid"/> for a bad size, an unknown flag, or memory that begins shared on a machine with private memory.</returns>
    public Errno CreateGuestMemfd(ulong size, GuestMemfdTraits flags, out GuestMemfd? file)
    {
        file = null;
        GuestMemfdTraits known = GuestMemfdTraits.Mmap | (Options.HasPrivateMemory ? GuestMemfdTraits.None : GuestMemfdTraits.InitShared);
        if ((flags & ~known) != GuestMemfdTraits.None || size is 0 or > long.MaxValue || (size & GuestPage.OffsetMask) != 0)
            return Errno.Invalid;
        file = new GuestMemfd(this, size, flags);
        return Errno.None;
    }

    /// <summary>Makes frames private or shared. Linux: <c>KVM_SET_MEMORY_ATTRIBUTES</c>.</summary>
    /// <param name="address">Guest-physical, in bytes: a multiple of 4096.</param>
    /// <param name="size">In bytes: a multiple of 4096, at least 4096, not leaving the address space.</param>
    /// <param name="attributes"><see cref="MemoryAttributes.Private"/> or 0.</param>
    /// <param name="flags">0.</param>
    /// <returns><see cref="Errno.Invalid"/> for anything else, or for a private frame in a machine without private memory.</returns>
    public Errno SetMemoryAttributes(ulong address, ulong size, ulong attributes, ulong flags = 0)
    {
        Errno error = PrepareMemoryAttributes(address, size, attributes, flags, out AttributeChange change);
        if (error == Errno.None)
            CommitMemoryAttributes(change);
        return error;
    }

    /// <summary>The first half of <see cref="SetMemoryAttributes"/>, which changes nothing: what page tables must do before the second half.</summary>
    /// <param name="address">As there.</param>
    /// <param name="size">As there.</param>
    /// <param name="attributes">As there.</param>
    /// <param name="flags">As there.</param>
    /// <param name="change">What to unmap, and where faults must wait.</param>
    /// <returns>As there.</returns>
    public Errno PrepareMemoryAttributes(ulong address, ulong size, ulong attributes, ulong flags, out AttributeChange change)
    {
        change = default;
        ulong supported = Options.HasPrivateMemory ? MemoryAttributes.Private : 0;
        if (flags != 0 || (attributes & ~supported) != 0)
            return Errno.Invalid;
        if (size == 0 || address + size < address || ((address | size) & GuestPage.OffsetMask) != 0)
            return Errno.Invalid;

        ulong first = address >> GuestPage.Shift;
        ulong end = (address + size) >> GuestPage.Shift;
        bool isPrivate = attributes != 0;
        bool isNeeded = !Attributes.AreUniform(first, end, isPrivate);
        change = new AttributeChange(first, end, isPrivate, isNeeded, first, end);
        if (!isNeeded || (Options.Defects & MappingDefects.WaitsInRangeAlone) != MappingDefects.None)
            return Errno.None;
        foreach (Entry entry in _entries)
            MixedTracking.Widen(entry.LargePages, entry.Slot, ref change);
        return Errno.None;
    }

    /// <summary>The second half of <see cref="SetMemoryAttributes"/>.</summary>
    /// <param name="change">From the first half, with no change of slots or attributes in between.</param>
    public void CommitMemoryAttributes(in AttributeChange change)
    {
        if (!change.IsNeeded)
            return;
        Attributes.Set(change.FirstGfn, change.EndGfn, change.IsPrivate);
        foreach (Entry entry in _entries)
            MixedTracking.Update(entry.LargePages, entry.Slot, Attributes, change, Options.Defects);
    }

    internal Entry RequireEntry(ulong gfn) =>
        EntryOf(gfn) ?? throw new ArgumentOutOfRangeException(nameof(gfn), gfn, "No slot holds the frame.");

    private Entry? EntryOf(ulong gfn)
    {
        int low = 0;
        int high = _entries.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_entries[middle].Slot.BaseGfn <= gfn)
                low = middle + 1;
            else
                high = middle;
        }

        return low > 0 && _entries[low - 1].Slot.Contains(gfn) ? _entries[low - 1] : null;
    }

    /// <summary>A slot and what belongs to it.</summary>
    internal sealed record Entry(MappingSlot Slot, LargePageInfo LargePages);
}
