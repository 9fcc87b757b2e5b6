using System.Runtime.InteropServices;
using RingKit.Memory;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable.Images;

/// <summary>Memory for tables that are being read.</summary>
/// <remarks>
/// A header of 8 bytes can announce 65,535 invalid entries, a mebibyte, so pages that are zero are never written: they stay without memory behind them.
/// </remarks>
internal static class TableMemory
{
    /// <summary>So many entries at a time, as a table may have more than a span: 1 MiB.</summary>
    public const int Step = 1 << 16;

    private const int EntriesPerPage = 4096 / WordPair.SizeInBytes;

    /// <summary>Fresh pages, zero, that cost nothing before something is written to them.</summary>
    public static NativeBlock<WordPair> New(int order) => new((nuint)new HptGeometry(order).EntryCount, alignment: 4096);

    /// <summary>A larger block that begins with the same entries. The smaller one is disposed.</summary>
    public static NativeBlock<WordPair> Grow(NativeBlock<WordPair> block, int order)
    {
        NativeBlock<WordPair> larger = New(order);
        NativeView<WordPair> from = block.View;
        for (nuint page = 0; page < from.Length; page += EntriesPerPage)
        {
            Span<WordPair> entries = from.Slice(page, EntriesPerPage).AsSpan();
            if (!IsZero(entries))
                entries.CopyTo(larger.View.Slice(page, EntriesPerPage).AsSpan());
        }

        block.Dispose();
        return larger;
    }

    /// <summary>Makes entries invalid, all bytes 0.</summary>
    public static void Clear(Span<WordPair> entries)
    {
        for (; !entries.IsEmpty; entries = entries[Math.Min(EntriesPerPage, entries.Length)..])
        {
            Span<WordPair> some = entries[..Math.Min(EntriesPerPage, entries.Length)];
            if (!IsZero(some))
                some.Clear();
        }
    }

    private static bool IsZero(ReadOnlySpan<WordPair> entries) => !MemoryMarshal.AsBytes(entries).ContainsAnyExcept((byte)0);
}
