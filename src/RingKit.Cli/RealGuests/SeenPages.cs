using System.Numerics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.RealGuests;

/// <summary>Which pages of a guest with one slot were in a harvest, and in any.</summary>
/// <param name="total">The guest's pages.</param>
internal sealed class SeenPages(ulong total)
{
    private readonly ulong[] _now = new ulong[(total + 63) / 64];
    private readonly ulong[] _ever = new ulong[(total + 63) / 64];

    /// <summary>Pages that were in any harvest.</summary>
    public long Total => _ever.Sum(word => (long)BitOperations.PopCount(word));

    /// <summary>Whether a page was in any harvest.</summary>
    public bool Has(ulong page) => (_ever[page >> 6] >> (int)page & 1) != 0;

    /// <summary>Ends a harvest.</summary>
    /// <returns>How many pages were in it.</returns>
    public long Take()
    {
        long pages = 0;
        for (int i = 0; i < _now.Length; i++)
        {
            pages += BitOperations.PopCount(_now[i]);
            _ever[i] |= _now[i];
        }

        Array.Clear(_now);
        return pages;
    }

    private void Add(ulong page) => _now[page >> 6] |= 1UL << (int)page;

    /// <summary>Notes what a harvest hands over.</summary>
    internal readonly struct Sink(SeenPages pages) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                pages.Add(baseOffset + (ulong)BitOperations.TrailingZeroCount(mask));
        }
    }
}
