using System.Buffers.Binary;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.Migration;

/// <summary>Stores at random, to few places of each page, zeros among them: pages become zero again. What is stored is noted in a model.</summary>
internal struct RandomStores(GuestMemory memory, byte[][] model, ulong seed, int hotPages) : IGuestProgram
{
    private ulong _state = (seed * 0x9e3779b97f4a7c15) + 1;

    /// <summary>How many stores are left before the program takes a break.</summary>
    public int Budget { get; set; }

    public VcpuExit Step(Vcpu vcpu)
    {
        if (Budget == 0)
            return VcpuExit.Halted;

        ulong next = (_state * 6364136223846793005) + 1442695040888963407;
        ulong random = next >> 20;
        MemorySlot slot = memory.Slots[hotPages != 0 ? 0 : (int)(random % (uint)memory.Slots.Length)];
        ulong pages = hotPages != 0 ? (ulong)hotPages : slot.PageCount;
        ulong page = (random >> 8) % pages;

        // The last place of a page, if there is a next one, is across its end.
        ulong place = (random >> 24) % 3 * 2046;
        if (place == 4092 && page + 1 == slot.PageCount)
            place = 0;
        ulong value = (random >> 30) % 4 == 0 ? 0 : next;
        ulong offset = (page << GuestPage.Shift) + place;
        VcpuExit exit = vcpu.Store((slot.BaseGfn << GuestPage.Shift) + offset, value);
        if (exit != VcpuExit.None)
            return exit;

        BinaryPrimitives.WriteUInt64LittleEndian(model[slot.Id].AsSpan((int)offset), value);
        _state = next;
        Budget--;
        return VcpuExit.None;
    }
}
