using RingKit.Mmu.Guest;

namespace RingKit.Properties.Migration.Small;

/// <summary>
/// A source and a destination of the same slots, full of zeros, kept by each thread for the next migration: to make them takes as long as a small migration.
/// </summary>
internal sealed class SmallMemories
{
    [ThreadStatic]
    private static Dictionary<(int, int), SmallMemories>? _kept;

    private readonly int _first;
    private readonly int _pages;

    private SmallMemories(int first, int pages)
    {
        (_first, _pages) = (first, pages);
        AddSlots(Source);
        AddSlots(Destination);
    }

    public GuestMemory Source { get; } = new();

    public GuestMemory Destination { get; } = new();

    /// <summary>Memories of one slot, or of two.</summary>
    /// <param name="first">Pages of the first one.</param>
    /// <param name="pages">Pages of both.</param>
    public static SmallMemories Rent(int first, int pages)
    {
        _kept ??= [];
        return _kept.Remove((first, pages), out SmallMemories? kept) ? kept : new SmallMemories(first, pages);
    }

    /// <summary>Keeps them; no machine has them any more. On the thread that rented them.</summary>
    public void Return()
    {
        foreach (MemorySlot slot in Source.Slots.AddRange(Destination.Slots))
            slot.Memory.AsSpan().Clear();
        if (!_kept!.TryAdd((_first, _pages), this))
        {
            Source.Dispose();
            Destination.Dispose();
        }
    }

    private void AddSlots(GuestMemory memory)
    {
        memory.AddSlot(0, 0, (ulong)_first);
        if (_first != _pages)
            memory.AddSlot(1, 1 << 20, (ulong)(_pages - _first));
    }
}
