using RingKit.Mmu.Guest;

namespace RingKit.Properties.MigrationEquality;

/// <summary>Stores by a pattern, for ever: 8 bytes anywhere in a page, also across its end, and zeros among them.</summary>
internal struct PatternStores(GuestMemory memory, StorePattern pattern, int seed) : IGuestProgram
{
    private readonly ulong _pages = memory.Slots.Aggregate(0ul, (sum, slot) => sum + slot.PageCount);
    private ulong _state = ((ulong)(uint)seed * 0x9e3779b97f4a7c15) + 1;
    private ulong _next;

    /// <summary>Stores so far.</summary>
    public ulong Stores { get; private set; }

    public VcpuExit Step(Vcpu vcpu)
    {
        ulong state = (_state * 6364136223846793005) + 1442695040888963407, random = state >> 24;
        ulong page = pattern switch
        {
            StorePattern.Random => random % _pages,
            StorePattern.Sequential => _next % _pages,
            _ => random % 10 == 0 ? (random >> 8) % _pages : (random >> 8) % Math.Max(1, _pages / 100),
        };
        (MemorySlot slot, ulong offset) = At(page);
        ulong inSlot = Math.Min((offset << GuestPage.Shift) + ((random >> 24) % GuestPage.Size), (slot.PageCount << GuestPage.Shift) - sizeof(ulong));
        VcpuExit exit = vcpu.Store((slot.BaseGfn << GuestPage.Shift) + inSlot, random % 8 == 0 ? 0 : state);
        if (exit != VcpuExit.None)
            return exit;
        (_state, _next) = (state, _next + 1);
        Stores++;
        return exit;
    }

    private readonly (MemorySlot Slot, ulong Offset) At(ulong page)
    {
        foreach (MemorySlot slot in memory.Slots)
        {
            if (page < slot.PageCount)
                return (slot, page);
            page -= slot.PageCount;
        }

        throw new InvalidOperationException("There are fewer pages.");
    }
}
