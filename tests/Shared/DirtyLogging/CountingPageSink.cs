using System.Numerics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging;

/// <summary>Counts pages, duplicates included.</summary>
internal struct CountingPageSink : IDirtyPageSink
{
    public ulong Pages { get; private set; }

    public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => Pages += (uint)BitOperations.PopCount(mask);
}
