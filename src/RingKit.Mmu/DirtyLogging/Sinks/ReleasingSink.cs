using RingKit.DirtyRings;

namespace RingKit.Mmu.DirtyLogging.Sinks;

/// <summary>Takes ring entries for nobody: a reset reads them once more.</summary>
internal readonly struct ReleasingSink : IDirtyEntrySink
{
    public void Accept(uint slot, ulong offset)
    {
    }
}
