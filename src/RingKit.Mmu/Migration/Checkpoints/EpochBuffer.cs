using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Mmu.Migration.Checkpoints;

/// <summary>Copies of the pages of an epoch, as batches that are ready to be sent. Its memory is kept from epoch to epoch.</summary>
internal sealed class EpochBuffer(int batchPages, int bufferPages)
{
    private readonly int _mostBatches = Math.Max(1, bufferPages / batchPages);
    private readonly List<BatchBuilder> _batches = [];
    private int _used;

    /// <summary>The batches that are not empty.</summary>
    public IEnumerable<BatchBuilder> Batches => _batches.Take(_used);

    /// <summary>Copies pages.</summary>
    /// <param name="pages">The pages.</param>
    /// <param name="mask">Those of them that are to be copied; afterwards, those that did not fit.</param>
    /// <returns>Whether all did.</returns>
    public bool TryAdd(in DirtyPages pages, ref ulong mask)
    {
        while (mask != 0)
        {
            bool isOpen = _used != 0 && !_batches[_used - 1].IsLarge && _batches[_used - 1].Slot == pages.Slot;
            if (!isOpen && !TryUseNext())
                return false;
            mask = _batches[_used - 1].Add(pages.Slot, pages.BaseOffset, mask);
        }

        return true;
    }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        foreach (BatchBuilder batch in Batches)
            batch.Clear();
        _used = 0;
    }

    private bool TryUseNext()
    {
        if (_used == _mostBatches)
            return false;
        if (_used == _batches.Count)
            _batches.Add(new BatchBuilder(Math.Min(batchPages, bufferPages)));
        _used++;
        return true;
    }
}
