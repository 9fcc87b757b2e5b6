using System.Buffers.Binary;
using RingKit.Memory;

namespace RingKit.Kvm.Registers;

/// <summary>What a guest finds that begins in 64-bit mode: flat segments, and page tables that map each address to itself.</summary>
/// <remarks>Source: the architecture's manuals; AMD64 volume 2, chapters 4 and 5. Any thread, over memory that nobody else writes meanwhile.</remarks>
public static class LongMode
{
    /// <summary>The bytes that the page tables take: a page of each of the two upper levels, and one for each GiB.</summary>
    /// <param name="mappedBytes">How much is mapped.</param>
    public static ulong TableBytes(ulong mappedBytes) => (2 + GigabytesOf(mappedBytes)) * PageBytes;

    private const ulong PageBytes = 4096;
    private const ulong PresentWritable = 3;
    private const ulong LargePage = 1 << 7;
    private const int EntriesPerTable = 512;
    private const int LargePageShift = 21;

    private const ulong Cr0 = 0x8000_0033;      // paging, native floating-point errors, protected mode
    private const ulong Cr4 = 1 << 5;           // physical address extension
    private const ulong Efer = 0x500;           // long mode, enabled and active

    /// <summary>Writes page tables into a guest's memory: from address 0 on, each to itself, writable, in pages of 2 MiB.</summary>
    /// <param name="memory">The guest's memory from address 0 on.</param>
    /// <param name="tables">Where the tables go: <see cref="TableBytes"/> from this address on, which is a multiple of 4096.</param>
    /// <param name="mappedBytes">How much is mapped, rounded up to 2 MiB: from 1 to 512 GiB.</param>
    /// <exception cref="ArgumentOutOfRangeException">The address is no multiple of 4096, the tables lie outside, or there is too much to map.</exception>
    public static void WriteIdentityMap(NativeView<byte> memory, ulong tables, ulong mappedBytes)
    {
        if (mappedBytes is 0 or > 512UL << 30)
            throw new ArgumentOutOfRangeException(nameof(mappedBytes), mappedBytes, "One table of the upper level maps from 1 byte to 512 GiB.");
        ulong bytes = TableBytes(mappedBytes);
        if (tables % PageBytes != 0 || tables > memory.Length || bytes > memory.Length - tables)
            throw new ArgumentOutOfRangeException(nameof(tables), tables, $"The tables take {bytes} bytes, from a multiple of {PageBytes} on, inside the memory.");

        Span<byte> table = memory.Slice((nuint)tables, (nuint)bytes).AsSpan();
        table.Clear();
        Write(table, 0, (tables + PageBytes) | PresentWritable);
        ulong gigabytes = GigabytesOf(mappedBytes), largePages = (mappedBytes + (1UL << LargePageShift) - 1) >> LargePageShift;
        for (ulong i = 0; i < gigabytes; i++)
            Write(table, EntriesPerTable + i, (tables + ((2 + i) * PageBytes)) | PresentWritable);
        for (ulong i = 0; i < largePages; i++)
            Write(table, (2 * EntriesPerTable) + i, (i << LargePageShift) | PresentWritable | LargePage);
    }

    /// <summary>Changes registers to those of 64-bit mode at the highest privilege.</summary>
    /// <param name="registers">Registers as KVM gives them.</param>
    /// <param name="tables">Where <see cref="WriteIdentityMap"/> has put the tables.</param>
    public static void Enter(ref KvmSpecialRegisters registers, ulong tables)
    {
        var code = new KvmSegment { Limit = uint.MaxValue, Selector = 8, Type = 11, Present = 1, S = 1, L = 1, G = 1 };
        KvmSegment data = code with { Selector = 16, Type = 3, L = 0, Db = 1 };
        registers = registers with
        {
            Cs = code,
            Ds = data,
            Es = data,
            Fs = data,
            Gs = data,
            Ss = data,
            Cr0 = Cr0,
            Cr3 = tables,
            Cr4 = Cr4,
            Efer = Efer,
        };
    }

    private static ulong GigabytesOf(ulong bytes) => (bytes + (1UL << 30) - 1) >> 30;

    private static void Write(Span<byte> table, ulong index, ulong entry) =>
        BinaryPrimitives.WriteUInt64LittleEndian(table[(int)(index * sizeof(ulong))..], entry);
}
