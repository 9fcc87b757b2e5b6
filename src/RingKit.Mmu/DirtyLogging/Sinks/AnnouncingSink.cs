using RingKit.DirtyRings;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Sinks;

/// <summary>Takes ring entries as <see cref="ReleasingSink"/> does, and tells the page table that their pages are about to be protected.</summary>
internal struct AnnouncingSink(VirtualMachine machine) : IDirtyEntrySink
{
    /// <summary>Page tables have entries of 8 bytes, and so eight neighbours on a cache line: one of them is enough.</summary>
    public const int PagesPerLineShift = 3;

    private MemorySlot? _slot;
    private ulong _lastLine = ulong.MaxValue;

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
