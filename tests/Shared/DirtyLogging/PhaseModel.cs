using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>What a log owes its takers, by sets of pages: dirty, or held by somebody, or forgotten.</summary>
/// <remarks>P1 of a dirty log: what harvests report up to a point without stores is every page written since it was last protected; and none that was not.</remarks>
internal sealed class PhaseModel(IDirtyLog log, VirtualMachine machine, Action<int, ulong[]> store, int seed)
{
    // Both sides of word ends, both ends of slots, and a crowd.
    private static readonly (int Slot, ulong Offset)[] Pool =
    [
        (0, 0), (0, 62), (0, 63), (0, 64), (0, 65), (0, 127), (0, 128), (0, 998), (0, 999), (1, 0), (1, 1), (1, 63), (1, 64), (1, 69),
        .. Enumerable.Range(300, 30).Select(page => (0, (ulong)page)),
    ];

    private readonly Random _random = new(seed);
    private readonly SortedSet<(uint Slot, ulong Offset)> _dirty = [];
    private readonly List<(DirtyHarvest Harvest, SortedSet<(uint Slot, ulong Offset)> Pages, bool IsStale)> _held = [];

    /// <summary>Does so many things at random, and then looks whether all pages are accounted for.</summary>
    public void Run(int steps)
    {
        log.Start();
        for (int i = 0; i < steps; i++)
            Step();
        foreach ((DirtyHarvest harvest, SortedSet<(uint Slot, ulong Offset)> pages, bool isStale) in _held)
            Return(harvest, pages, isStale);
        _held.Clear();
        Expect(HeldPages.TakeFrom(log));
        foreach (MemorySlot slot in machine.Memory.Slots.Where(slot => slot.IsRemoved))
            Assert.Equal(Errno.None, machine.RestoreSlot(slot));
        log.Stop();
    }

    private void Step()
    {
        switch (_random.Next(16))
        {
            case < 6:
                Store();
                break;
            case < 8:
                Hold(log.Take());
                break;
            case 8:
                Expect(DirtySet.Harvest(log));
                break;
            case 9 or 10:
                Release(_random.Next(2) == 0);
                break;
            case 11 when _held.Count != 0:
                int at = _random.Next(_held.Count);
                Return(_held[at].Harvest, _held[at].Pages, _held[at].IsStale);
                _held.RemoveAt(at);
                break;
            case 12:
                (MemorySlot slot, ulong offset) = Pick();
                log.PutBack(slot, offset, 1);
                _dirty.Add((slot.Id, offset));
                break;
            case 13 when _random.Next(4) == 0:
                log.Clear();
                _dirty.Clear();
                break;
            case 14 when _random.Next(4) == 0:
                Restart();
                break;
            case 15:
                ChangeSlot();
                break;
        }
    }

    private void Store()
    {
        for (int i = 0; i < 3; i++)
        {
            (MemorySlot slot, ulong offset) = Pick();
            if (slot.IsRemoved)
                continue;
            store(_random.Next(2), [slot.BaseGfn + offset]);
            _dirty.Add((slot.Id, offset));
        }
    }

    private void Hold(DirtyHarvest harvest)
    {
        SortedSet<(uint Slot, ulong Offset)> pages = HeldPages.Of(harvest);
        Expect(pages);
        _held.Add((harvest, pages, false));
    }

    private void Release(bool confirms)
    {
        if (_held.Count == 0)
            return;
        (DirtyHarvest harvest, SortedSet<(uint Slot, ulong Offset)> pages, bool isStale) = _held[_random.Next(_held.Count)];
        (MemorySlot slot, ulong offset) = Pick();
        ulong mask = (ulong)_random.NextInt64();
        if (slot.PageCount - offset < 64)
            mask &= (1UL << (int)(slot.PageCount - offset)) - 1;
        var named = new DirtySet([]);
        named.Accept(slot, offset, mask);
        named.Pages.IntersectWith(pages);
        ulong released = confirms ? harvest.Confirm(slot, offset, mask) : harvest.PutBack(slot, offset, mask);
        Assert.Equal((ulong)named.Pages.Count, released);
        pages.ExceptWith(named.Pages);
        Assert.Equal(pages, HeldPages.Of(harvest));
        if (!confirms && !isStale)
            _dirty.UnionWith(named.Pages);
    }

    private void Return(DirtyHarvest harvest, SortedSet<(uint Slot, ulong Offset)> pages, bool isStale)
    {
        harvest.Dispose();
        if (!isStale)
            _dirty.UnionWith(pages);
    }

    private void Restart()
    {
        log.Stop();
        _dirty.Clear();
        for (int i = 0; i < _held.Count; i++)
            _held[i] = _held[i] with { IsStale = true };
        log.Start();
    }

    private void ChangeSlot()
    {
        MemorySlot slot = machine.Memory.Slots[_random.Next(2)];
        if (slot.IsRemoved)
        {
            Assert.Equal(Errno.None, machine.RestoreSlot(slot));
            return;
        }

        Assert.Equal(Errno.None, machine.RemoveSlot(slot, out DirtyHarvest? last));
        SortedSet<(uint Slot, ulong Offset)> pages = HeldPages.Of(last!);
        Assert.Equal(_dirty.Where(page => page.Slot == slot.Id), pages);
        _dirty.ExceptWith(pages);
        _held.Add((last!, pages, false));
    }

    // All that is dirty, and nothing else: it is so no longer.
    private void Expect(SortedSet<(uint Slot, ulong Offset)> pages)
    {
        Assert.Equal(_dirty, pages);
        _dirty.Clear();
    }

    private (MemorySlot Slot, ulong Offset) Pick()
    {
        (int slot, ulong offset) = Pool[_random.Next(Pool.Length)];
        return (machine.Memory.Slots[slot], offset);
    }
}
