using System.Runtime.InteropServices;

namespace RingKit.Properties.Rings;

/// <summary>An item of an awkward size whose parts all follow from its sequence number: a torn or invented one shows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Item
{
    public readonly ulong Sequence;
    public readonly ulong Mixed;
    public readonly uint Folded;

    public Item(ulong sequence)
    {
        Sequence = sequence;
        Mixed = unchecked((sequence + 1) * 0x9e3779b97f4a7c15);
        Folded = (uint)(Mixed >> 29) ^ (uint)sequence;
    }

    public bool IsWhole => this == new Item(Sequence);

    public void MustBe(ulong sequence)
    {
        if (this != new Item(sequence))
            throw new InvalidOperationException($"The item is {Sequence} ({Mixed:x}, {Folded:x}), and should be {sequence}.");
    }
}
