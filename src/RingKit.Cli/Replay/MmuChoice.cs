using System.Numerics;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;

namespace RingKit.Cli.Replay;

/// <summary>A page table that a replay can go through.</summary>
/// <param name="Name">As on the command line and in reports.</param>
/// <param name="Logs">The dirty logs over it.</param>
/// <param name="Make">Makes a machine of one vCPU.</param>
internal sealed record MmuChoice(string Name, IReadOnlyList<LogChoice> Logs, Func<GuestMemory, VirtualMachine> Make)
{
    // QEMU's rule: a 128th of the guest's memory.
    private const int MemoryToTable = 7;

    /// <summary>An array of entries for each slot.</summary>
    public static MmuChoice Flat { get; } = new("flat", LogChoice.Flat, memory => new VirtualMachine(memory));

    /// <summary>PowerPC's hashed page table, filled by hypercalls.</summary>
    public static MmuChoice Hash { get; } = new(
        "hash", LogChoice.Hash, memory => new VirtualMachine(memory, 1, new HashTableOptions { Order = OrderFor(memory), BackingShift = GuestPage.Shift }));

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MmuChoice> All { get; } = [Flat, Hash];

    private static int OrderFor(GuestMemory memory)
    {
        ulong bytes = memory.Slots.Aggregate(0UL, (sum, slot) => sum + (slot.PageCount << GuestPage.Shift));
        int order = BitOperations.Log2(BitOperations.RoundUpToPowerOf2(bytes)) - MemoryToTable;
        return Math.Clamp(order, HptGeometry.MinimumOrder, HptGeometry.MaximumOrder);
    }
}
