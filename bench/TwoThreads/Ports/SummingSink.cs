using RingKit.DirtyRings;

namespace RingKit.Bench.TwoThreads.Ports;

/// <summary>Adds up the pages that were harvested.</summary>
internal struct SummingSink : IDirtyEntrySink
{
    public ulong Sum { get; private set; }

    public void Accept(uint slot, ulong offset) => Sum += offset;
}
