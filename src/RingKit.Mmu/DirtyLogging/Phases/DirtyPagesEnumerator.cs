namespace RingKit.Mmu.DirtyLogging.Phases;

/// <summary>Goes through the pages that a harvest holds. Pages that are confirmed or put back meanwhile are left out from then on.</summary>
public struct DirtyPagesEnumerator
{
    private readonly DirtyHarvest _harvest;
    private int _next;

    internal DirtyPagesEnumerator(DirtyHarvest harvest)
    {
        _harvest = harvest;
        _next = 0;
    }

    /// <summary>Pages that are held.</summary>
    public DirtyPages Current { get; private set; }

    /// <summary>Goes on to the next pages, if there are any.</summary>
    public bool MoveNext()
    {
        while (_next < _harvest.WordCount)
        {
            DirtyPages pages = _harvest.PagesAt(_next++);
            if (pages.Mask == 0)
                continue;
            Current = pages;
            return true;
        }

        return false;
    }
}
