using System.Numerics;
using RingKit.Mmu.DirtyLogging.Phases;

namespace RingKit.Mmu.Migration.Transfers;

/// <summary>A later round: what the log has harvested.</summary>
internal sealed class HarvestedPages : RoundPages
{
    private readonly LogHarvester _log;
    private readonly List<DirtyPages> _unconfirmed = [];
    private DirtyHarvest _harvest;
    private DirtyPagesEnumerator _next;

    public HarvestedPages(LogHarvester log)
    {
        _log = log;
        _harvest = log.Take();
        _next = _harvest.GetEnumerator();
        Left = (long)_harvest.PageCount;
    }

    public override bool TryNext(out DirtyPages pages)
    {
        if (!_next.MoveNext())
        {
            pages = default;
            return false;
        }

        pages = _next.Current;
        _unconfirmed.Add(pages);
        Left -= BitOperations.PopCount(pages.Mask);
        return true;
    }

    public override void Confirm()
    {
        if (Left == 0)
        {
            _harvest.Confirm();
        }
        else
        {
            foreach (DirtyPages pages in _unconfirmed)
                _harvest.Confirm(pages.Slot, pages.BaseOffset, pages.Mask);
        }

        _unconfirmed.Clear();
    }

    // Back into the log, and out again with what was written meanwhile: no page is sent twice that was written in both.
    public override void Retake()
    {
        _harvest.Dispose();
        _harvest = _log.Take();
        _next = _harvest.GetEnumerator();
        _unconfirmed.Clear();
        Left = (long)_harvest.PageCount;
    }

    public override void Dispose()
    {
        _harvest.Dispose();
        base.Dispose();
    }
}
