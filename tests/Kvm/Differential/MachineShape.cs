using RingKit.Kvm.Guests;
using RingKit.Mmu.Guest;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>A machine that both kernels get: mode, slots, vCPUs, rings.</summary>
internal sealed record MachineShape(GuestMode Mode, SlotShape[] Slots, int Vcpus, int RingEntries)
{
    /// <summary>The slot of the program, which is never logged: what the processor writes there by itself is no store of the program.</summary>
    public static readonly SlotShape Program = new(0, 0, 32, IsLogged: false);

    private const ulong RealModePages = 256, LongModePages = 4096;
    private static readonly ulong[] LongModeSizes = [1, 2, 63, 64, 65, 100, 128, 400, 1000];

    /// <summary>Pages from address 0 on that the program reaches: no slot is beyond.</summary>
    public ulong Pages => Mode == GuestMode.Real ? RealModePages : LongModePages;

    /// <summary>The same in bytes.</summary>
    public ulong MappedBytes => Pages << GuestPage.Shift;

    public IEnumerable<SlotShape> AllSlots => Slots.Prepend(Program);

    /// <summary>A machine by lot.</summary>
    /// <param name="lot">Which.</param>
    /// <param name="ringEntries">Entries of a ring.</param>
    public static MachineShape Of(uint lot, int ringEntries)
    {
        var random = new Random((int)lot);
        GuestMode mode = random.Next(2) == 0 ? GuestMode.Real : GuestMode.Long;
        ulong end = mode == GuestMode.Real ? RealModePages : LongModePages, next = Program.PageCount;
        List<SlotShape> slots = [];
        ushort[] ids = [.. Enumerable.Range(0, 4).Select(_ => (ushort)random.Next(1, 32_764)).Distinct()];
        foreach (ushort id in ids[..random.Next(1, ids.Length + 1)])
        {
            ulong first = next + (random.Next(2) == 0 ? 0 : (ulong)random.Next(40));
            ulong size = mode == GuestMode.Real ? (ulong)random.Next(1, 120) : LongModeSizes[random.Next(LongModeSizes.Length)];
            if (first >= end)
                break;
            slots.Add(new SlotShape(id, first, Math.Min(size, end - first), random.Next(8) != 0));
            next = first + slots[^1].PageCount;
        }

        return new MachineShape(mode, [.. slots], random.Next(1, 4), ringEntries);
    }

    public override string ToString() =>
        $"{Mode} mode, {Vcpus} vCPUs, {RingEntries} entries, slots: {string.Join("; ", Slots)}";
}
