using RingKit.DirtyRings;

namespace RingKit.Bench.Kvm;

/// <summary>Adds up what entries say: the same as the program in C does.</summary>
internal struct EntrySum : IDirtyEntrySink
{
    public ulong Sum { get; private set; }

    public void Accept(uint slot, ulong offset) => Sum += slot + offset;
}
