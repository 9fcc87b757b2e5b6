using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Sinks;

/// <summary>Takes ring entries as <see cref="ReleasingSink"/> does, and tells the page table that their pages are about to be protected.</summary>
internal struct AnnouncingSink(VirtualMachine machine) : IDirtyEntrySink
{
    /// <summary>Page tables have entries of 8 bytes, and so eight neighbours on a cache line: one of them is enough.</summary>
    public const int PagesPerLineShift = 3;

    // A reset call of so many pages is long, and hides a miss.
    private const int NeighboursPerBatch = 8;

    private MemorySlot? _slot;
    private ulong _lastLine = ulong.MaxValue;

    /// <summary>Whether entries are better announced that lie like those of a reset: each of its calls had few pages. Of neighbours it is not worth the 2 ns that it takes for each.</summary>
    /// <param name="reset">What the reset did.</param>
    /// <param name="before">The answer if it did nothing.</param>
    public static bool Pays(in ResetResult reset, bool before) =>
        reset.Batches == 0 ? before : (long)reset.Batches * NeighboursPerBatch > reset.Entries;

    public void Accept(uint slot, ulong offset)
    {
        // An entry may say anything: what is taken for the last one's neighbour and is not, is not announced.
        ulong line = (offset >> PagesPerLineShift) ^ ((ulong)slot << 32);
        if (line == _lastLine)
            return;
        _lastLine = line;
        if (_slot?.Id != slot)
            _slot = machine.Memory.FindById(slot);
        if (_slot is not null)
            machine.Mmu.Prefetch(_slot, offset, 1);
    }
}
