using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.Clients;

/// <summary>Notes runs, and throws at one if told to.</summary>
internal struct RunSink(List<(uint Slot, ulong First, ulong Count)> runs, int failAt = -1) : IDirtyPageRunSink
{
    private int _calls;

    public void Accept(MemorySlot slot, ulong firstPage, ulong pageCount)
    {
        if (_calls++ == failAt)
            throw new IOException("The display is gone.");
        runs.Add((slot.Id, firstPage, pageCount));
    }
}
