using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>A memory slot as KVM on x86 sees it.</summary>
/// <remarks>Thread role: any; <see cref="Logs"/> is set under the machine's lock.</remarks>
internal sealed class TdpSlot<TOrdering>
    where TOrdering : struct, IOrdering
{
    // Never disposed: the memory goes when nothing holds the view any more.
    private readonly NativeView<ulong> _logs = new NativeBlock<ulong>(1).View;

    public TdpSlot(MemorySlot memory, UserMemoryRegion region)
    {
        Memory = memory;
        Region = region;
    }

    /// <summary>The guest's memory.</summary>
    public MemorySlot Memory { get; }

    /// <summary>How the slot was made, without the flag that logs.</summary>
    public UserMemoryRegion Region { get; }

    /// <summary>The guest_memfd file, or null.</summary>
    public GuestMemfd? Gmem => Region.Gmem;

    /// <summary>The first guest frame.</summary>
    public ulong FirstGfn => Memory.BaseGfn;

    /// <summary>The guest frame behind the last.</summary>
    public ulong EndGfn => Memory.BaseGfn + Memory.PageCount;

    /// <summary>Whether a store leaves the guest.</summary>
    public bool IsReadOnly => (Region.Flags & MappingSlotTraits.ReadOnly) != MappingSlotTraits.None;

    /// <summary>Whether first stores are recorded. What the fix-up sees is brought up to date by a <see cref="ITdpThread.Synchronize"/> after it is set.</summary>
    public bool Logs
    {
        get => TOrdering.LoadRelaxed(ref _logs[0]) != 0;
        set => TOrdering.StoreRelaxed(ref _logs[0], value ? 1u : 0);
    }

    /// <summary>The host's frame of the first guest frame's shared memory.</summary>
    public ulong SharedFrame { get; internal set; }

    /// <summary>The same of its private memory, or <see cref="MappingFault.NoFrame"/> if it can have none.</summary>
    public ulong PrivateFrame { get; internal set; } = MappingFault.NoFrame;

    /// <summary>The host's frame behind a guest frame of the slot, or <see cref="MappingFault.NoFrame"/>.</summary>
    public ulong FrameOf(ulong gfn, bool isPrivate)
    {
        ulong first = isPrivate ? PrivateFrame : SharedFrame;
        return first == MappingFault.NoFrame ? first : first + (gfn - FirstGfn);
    }

    public bool Holds(ulong gfn) => gfn - FirstGfn < Memory.PageCount;
}
