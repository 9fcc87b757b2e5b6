using System.Collections.Immutable;
using System.Numerics;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Transfers;

/// <summary>The first round: every page there is.</summary>
internal sealed class EveryPage : RoundPages
{
    private readonly ImmutableArray<MemorySlot> _slots;
    private (int Slot, ulong Offset, long Left) _next;
    private (int Slot, ulong Offset, long Left) _confirmed;

    public EveryPage(GuestMemory memory)
    {
        _slots = memory.Slots;
        foreach (MemorySlot slot in _slots)
            Left += (long)slot.PageCount;
        _next = _confirmed = (0, 0, Left);
    }

    public override bool TryNext(out DirtyPages pages)
    {
        while (_next.Slot < _slots.Length)
        {
            MemorySlot slot = _slots[_next.Slot];
            ulong left = slot.PageCount - _next.Offset;
            if (left == 0)
            {
                _next = (_next.Slot + 1, 0, _next.Left);
                continue;
            }

            pages = new DirtyPages(slot, _next.Offset, left >= 64 ? ulong.MaxValue : (1UL << (int)left) - 1);
            int count = BitOperations.PopCount(pages.Mask);
            _next = (_next.Slot, _next.Offset + (uint)count, _next.Left - count);
            Left = _next.Left;
            return true;
        }

        pages = default;
        return false;
    }

    public override void Confirm() => _confirmed = _next;

    public override void Retake()
    {
        _next = _confirmed;
        Left = _next.Left;
    }
}
