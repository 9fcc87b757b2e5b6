using RingKit.DirtyRings;

namespace RingKit.Properties.DirtyRings;

/// <summary>The fourth party: it maps the entries and writes anything into them.</summary>
internal static class Scribbler
{
    private static readonly uint[] Flags =
        [0, DirtyGfn.Dirty, DirtyGfn.Reset, 3, 4, 5, 0x80000000, 0xfffffffc, 0xfffffffd, 0xfffffffe, uint.MaxValue];

    private static readonly uint[] Slots = [0, 1, 2, 7, 0x10001, 0x80000000, 0xffff0001, uint.MaxValue];

    private static readonly ulong[] Offsets =
    [
        0, 1, 62, 63, 64, 65, 99, 100, 101, 1000, (1UL << 31) - 1, 1UL << 31, 1UL << 32, (1UL << 32) + 1, 1UL << 63, (1UL << 63) - 1,
        ulong.MaxValue - 64, ulong.MaxValue - 63, ulong.MaxValue - 62, ulong.MaxValue - 1, ulong.MaxValue,
    ];

    /// <summary>Writes one field of one entry, chosen and made up from two bytes.</summary>
    public static void Write(RingRig rig, byte where, byte what)
    {
        // Half of the writes come from the lists of values that might go wrong, the others from everywhere.
        ulong anything = unchecked(((((ulong)where << 8) | what) + 1) * 0x9e3779b97f4a7c15);
        bool listed = what % 2 == 0;
        ref DirtyGfn entry = ref rig.Memory[(where / 4) % rig.Memory.Length];
        switch (where % 4)
        {
            case 0:
                entry.Slot = listed ? Slots[what / 2 % Slots.Length] : (uint)(anything >> 32);
                break;
            case 1:
                entry.Offset = listed ? Offsets[what / 2 % Offsets.Length] : anything;
                break;
            default:
                entry.Flags = listed ? Flags[what / 2 % Flags.Length] : (uint)(anything >> 32);
                break;
        }
    }
}
