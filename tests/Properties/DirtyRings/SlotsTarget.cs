using System.Numerics;
using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings;

/// <summary>Some memory slots. Keeps the calls it gets and the pages they cover, and notes every call that it should never get.</summary>
internal readonly struct SlotsTarget(IReadOnlyDictionary<uint, ulong> pagesBySlot) : IResetTarget
{
    public List<ResetBatch> Calls { get; } = [];

    public HashSet<(uint Slot, ulong Page)> Pages { get; } = [];

    public List<string> Violations { get; } = [];

    public ulong PagesIn(uint slot) => pagesBySlot.GetValueOrDefault(slot);

    public void Reset(uint slot, ulong baseOffset, ulong mask)
    {
        Calls.Add(new ResetBatch(slot, baseOffset, mask));
        if ((mask & 1) == 0)
            Violations.Add($"{slot:x}:{baseOffset:x} mask {mask:x}: bit 0 is not set");

        for (ulong rest = mask; rest != 0; rest &= rest - 1)
        {
            // 128 bits wide: what leaves the slot by wrapping round has left it.
            UInt128 page = (UInt128)baseOffset + (uint)BitOperations.TrailingZeroCount(rest);
            if (page >= PagesIn(slot))
                Violations.Add($"{slot:x}:{page:x} of {PagesIn(slot)} pages");
            Pages.Add((slot, unchecked((ulong)page)));
        }
    }
}
