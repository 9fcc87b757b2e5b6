using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>Takes dirty pages as runs: the form for whoever redraws, invalidates or sends stretches of memory.</summary>
public interface IDirtyPageRunSink
{
    /// <summary>Takes neighbouring dirty pages of a slot. If it throws, they are dirty again.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="firstPage">Page index inside the slot.</param>
    /// <param name="pageCount">How many pages, at least 1.</param>
    void Accept(MemorySlot slot, ulong firstPage, ulong pageCount);
}
