using System.Numerics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.Guest;

/// <summary>A copy of a slot, as a migration keeps it: whole once, and then page by page as harvests report them.</summary>
internal sealed class CopiedMemory(MemorySlot slot)
{
    private readonly byte[] _bytes = new byte[slot.PageCount << GuestPage.Shift];
    private readonly ulong[] _reported = new ulong[(slot.PageCount + 63) / 64];

    /// <summary>Pages that harvests have reported so far.</summary>
    public ulong Pages { get; private set; }

    public void TakeAll() => slot.Memory.AsSpan().CopyTo(_bytes);

    /// <summary>Copies the pages that a harvest reports, when it has returned.</summary>
    public void Harvest(IDirtyLog log)
    {
        var sink = new ReportSink(_reported);
        log.Harvest(ref sink);
        for (int word = 0; word < _reported.Length; word++)
        {
            for (; _reported[word] != 0; _reported[word] &= _reported[word] - 1, Pages++)
            {
                int start = ((word * 64) + BitOperations.TrailingZeroCount(_reported[word])) << GuestPage.Shift;
                slot.Memory.AsSpan().Slice(start, GuestPage.Size).CopyTo(_bytes.AsSpan(start));
            }
        }
    }

    public void Check()
    {
        int at = slot.Memory.AsSpan().CommonPrefixLength(_bytes);
        Assert.True(at == _bytes.Length, $"the copy of page 0x{at >> GuestPage.Shift:X} differs at 0x{at & (GuestPage.Size - 1):X}");
    }

    // A log reports 64 pages at most, from any page on.
    private readonly struct ReportSink(ulong[] reported) : IDirtyPageSink
    {
        public void Accept(MemorySlot from, ulong baseOffset, ulong mask)
        {
            int shift = (int)(baseOffset % 64);
            reported[baseOffset / 64] |= mask << shift;
            ulong carried = shift == 0 ? 0 : mask >> (64 - shift);
            if (carried != 0)
                reported[(baseOffset / 64) + 1] |= carried;
        }
    }
}
