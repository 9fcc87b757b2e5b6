using System.Numerics;
using RingKit.Memory;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable.Images;

/// <summary>A table that is being read: nobody sees it before it is whole.</summary>
/// <remarks>
/// Its memory is as large as the last valid entry so far demands, whatever order the stream has named, and has its full size when the stream has been found whole. A
/// header is checked before anything is made larger for it, and pages that hold no valid entry cost nothing.
/// </remarks>
internal sealed class TableBuilder : IDisposable
{
    private NativeBlock<WordPair> _entries = TableMemory.New(HptGeometry.MinimumOrder);

    /// <summary>Reads the valid entries of a run, each as its stream has them.</summary>
    public delegate void RunReader(TableInput input, HtabRecord record, Span<WordPair> entries);

    private NativeView<WordPair> View => _entries.View;

    /// <summary>Reads what a header announces. The header has been checked against the table's size, or the largest that it may become.</summary>
    public void Read(TableInput input, HtabRecord record, RunReader readEntries)
    {
        if (record.ValidCount > 0)
        {
            Grow((ulong)record.Index + record.ValidCount);
            readEntries(input, record, View.Slice(record.Index, record.ValidCount).AsSpan());
        }

        // Behind the memory that there is all entries are invalid already.
        nuint invalid = (nuint)Math.Min((ulong)record.Index + record.ValidCount, View.Length);
        TableMemory.Clear(View.Slice(invalid, Math.Min(record.InvalidCount, View.Length - invalid)).AsSpan());
    }

    /// <summary>The table, of a size that no entry is beyond.</summary>
    public HashedPageTable Build(int order)
    {
        Grow(new HptGeometry(order).EntryCount);
        return new HashedPageTable(View);
    }

    public void Dispose() => _entries.Dispose();

    private void Grow(ulong entries)
    {
        if (entries <= View.Length)
            return;

        _entries = TableMemory.Grow(_entries, BitOperations.Log2(BitOperations.RoundUpToPowerOf2(entries)) + 4);
    }
}
