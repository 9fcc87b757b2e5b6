using RingKit.DirtyRings;
using RingKit.Memory;

namespace RingKit.Bench.Kvm;

/// <summary>Sets an entry's bit in a bitmap, as QEMU does: the same as the program in C.</summary>
/// <param name="words">A bit for each page, a power of two of words.</param>
internal readonly struct EntryBits(NativeView<ulong> words) : IDirtyEntrySink
{
    public void Accept(uint slot, ulong offset) => words[(nuint)(offset >> 6) & (words.Length - 1)] |= 1UL << (int)offset;
}
