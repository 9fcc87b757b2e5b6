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

    /// <summary>Bytes from address 0 to the end of the last slot.</summary>
    public ulong MappedBytes => Slots.Max(slot => slot.BaseGfn + slot.PageCount) << GuestPage.Shift;

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

    public SlotShape SlotAt(ulong gfn) => Slots.First(slot => gfn - slot.BaseGfn < slot.PageCount);

    /// <summary>Frames to store to, by lot: up, down, in strides, over and over, or anywhere.</summary>
    public ulong[] Stores(int lot, int most)
    {
        var random = new Random(lot);
        int count = random.Next(1, Math.Max(most, 1) + 1), kind = random.Next(5);
        ulong[] frames = [.. Slots.SelectMany(slot => Enumerable.Range(0, (int)slot.PageCount).Select(page => slot.BaseGfn + (ulong)page))];
        int at = random.Next(frames.Length), stride = random.Next(2, 70), few = random.Next(1, 5);
        return [.. Enumerable.Range(0, count).Select(i => frames[Wrap(kind switch
        {
            0 => at + i,
            1 => at - i,
            2 => at + (i * stride),
            3 => at + (i % few),
            _ => random.Next(frames.Length),
        }, frames.Length)])];
    }

    public override string ToString() =>
        $"{Mode} mode, {Vcpus} vCPUs, {RingEntries} entries, slots: {string.Join("; ", Slots)}";

    private static int Wrap(int index, int length) => ((index % length) + length) % length;
}
