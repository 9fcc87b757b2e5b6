using System.Buffers.Binary;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>Writes changed pages as KVM returns them: a bit a page, byte by byte from the least significant bit.</summary>
/// <param name="buffer">Zeroed; 8 bytes for each 64 pages.</param>
internal readonly ref struct BitmapBufferSink(Span<byte> buffer) : IHashSlotSink
{
    private readonly Span<byte> _buffer = buffer;

    public void Accept(MemorySlot slot, ulong word, ulong mask)
    {
        Span<byte> bytes = _buffer.Slice((int)word * sizeof(ulong), sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, BinaryPrimitives.ReadUInt64LittleEndian(bytes) | mask);
    }
}
