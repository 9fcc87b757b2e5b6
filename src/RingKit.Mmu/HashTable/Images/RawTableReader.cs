using System.Numerics;
using System.Runtime.InteropServices;
using RingKit.Memory;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable.Images;

/// <summary>Reads a dump of a table's memory: 16 bytes an entry, big-endian, nothing else.</summary>
public static class RawTableReader
{
    /// <summary>Reads a dump up to the end of the stream.</summary>
    /// <param name="stream">Read from where it stands; not disposed. A compressed dump is given as the stream that decompresses it.</param>
    /// <param name="maximumOrder">log2 of the largest size in bytes that is accepted, <see cref="HptGeometry.MinimumOrder"/> to <see cref="HptGeometry.MaximumOrder"/>.</param>
    /// <param name="isa30">Whether the dump is of a POWER9 host's table, which is in the format of ISA 3.0.</param>
    /// <returns>The table, every byte as it is in the dump, locked entries and stale ones included; the caller disposes it.</returns>
    /// <remarks>The memory is allocated by the length of a stream that can seek; for any other it grows with what arrives.</remarks>
    /// <exception cref="TableFormatException">The length is no power of two from 2^18 to 2^<paramref name="maximumOrder"/>, or compressed input is corrupt.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The maximum order is out of range.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for the table.</exception>
    public static HashedPageTable Read(Stream stream, int maximumOrder = HptGeometry.MaximumOrder, bool isa30 = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _ = new HptGeometry(maximumOrder);
        using var input = new TableInput(stream);
        return Read(input, maximumOrder, isa30);
    }

    internal static HashedPageTable Read(TableInput input, int maximumOrder, bool isa30 = false)
    {
        int order = HptGeometry.MinimumOrder;
        if (input.Remaining is { } length)
        {
            CheckLength(length, maximumOrder);
            order = BitOperations.Log2((ulong)length);
        }

        NativeBlock<WordPair> block = TableMemory.New(order);
        try
        {
            Fill(input, block.View);
            for (; !input.AtEnd; order++)
            {
                if (order == maximumOrder)
                    throw TooLong(maximumOrder);
                block = TableMemory.Grow(block, order + 1);
                Fill(input, block.View.Slice(block.Length / 2, block.Length / 2));
            }

            return new HashedPageTable(block.View, isa30);
        }
        finally
        {
            block.Dispose();
        }
    }

    private static void CheckLength(long length, int maximumOrder)
    {
        if (length > 1L << maximumOrder)
            throw TooLong(maximumOrder);
        if (length < 1L << HptGeometry.MinimumOrder || !BitOperations.IsPow2(length))
            throw TooShort(length);
    }

    // A part of the table, to its end: what is missing there makes the length of the dump none of a table.
    private static void Fill(TableInput input, NativeView<WordPair> part)
    {
        for (nuint done = 0; done < part.Length; done += TableMemory.Step)
        {
            Span<byte> bytes = MemoryMarshal.AsBytes(part.Slice(done, Math.Min(TableMemory.Step, part.Length - done)).AsSpan());
            if (input.ReadUpTo(bytes) < bytes.Length)
                throw TooShort(input.Position);
        }
    }

    private static TableFormatException TooShort(long length) =>
        new(length, $"the dump ends here, and the size of a table is a power of two from 2^{HptGeometry.MinimumOrder} to 2^{HptGeometry.MaximumOrder}");

    private static TableFormatException TooLong(int maximumOrder) =>
        new(1L << maximumOrder, $"the dump goes on, and a table of more than 2^{maximumOrder} bytes is not accepted");
}
