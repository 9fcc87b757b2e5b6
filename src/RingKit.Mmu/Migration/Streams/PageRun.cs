using System.Buffers.Binary;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>Neighbouring pages of a batch.</summary>
/// <param name="Offset">The first one's index inside the slot.</param>
/// <param name="Count">How many.</param>
/// <param name="IsZero">Whether they have zeros alone, and no contents in the stream.</param>
internal readonly record struct PageRun(ulong Offset, uint Count, bool IsZero)
{
    private const uint ZeroFlag = 1;

    /// <summary>Reads one.</summary>
    /// <param name="source">At least <see cref="MigrationFormat.RunSize"/> bytes.</param>
    /// <param name="run">What it says.</param>
    /// <returns>False if it has flags that nobody knows.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out PageRun run)
    {
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(source[12..]);
        run = new PageRun(BinaryPrimitives.ReadUInt64LittleEndian(source), BinaryPrimitives.ReadUInt32LittleEndian(source[8..]), flags == ZeroFlag);
        return flags <= ZeroFlag;
    }

    /// <summary>Writes it.</summary>
    /// <param name="destination">At least <see cref="MigrationFormat.RunSize"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], Count);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], IsZero ? ZeroFlag : 0);
    }
}
