using System.Runtime.CompilerServices;
using RingKit.DirtyRings;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>The rings and bitmaps of an adaptive log, and which of them takes the next record.</summary>
/// <remarks>Thread role: records by the vCPUs and others, concurrently with everything; drains and moves by one thread at a time, under the log's lock.</remarks>
internal sealed unsafe partial class AdaptiveLogCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // A move: 1. drain; 2. store the new form; 3. wait until every vCPU has left the fault that it is in (E6, the invalidation that ends the harvest).
    // Until 3 is over a vCPU may still record in the old form, as it read the word before 2: the next drain takes from both. After 3 every vCPU sees the new form,
    // by E6, so the drain behind the next one need not look into the old one. The form itself is thus in no order: either value is right while both are drained.
    //
    // A ring that is full: the page goes to the summary bitmap, and Overflowed is raised behind the mark, by an or: several vCPUs raise it, and each one's release
    // must reach the exchange that lowers it (E86). The drain lowers it first and takes the marks then, so a mark whose raising came too late for the exchange
    // leaves it raised for the next drain. It is never lowered or passed over on other grounds, as in OverflowingCore.
    private readonly DirtyRingCore<TOrdering>[] _rings;
    private readonly AdaptiveSlot<TOrdering>[] _slots;
    private readonly NativeView<AdaptiveControl> _controlView = new NativeBlock<AdaptiveControl>(1).View;
    private readonly AdaptiveControl* _control;

    /// <param name="slots">Pages of each slot.</param>
    /// <param name="vcpus">How many rings there are.</param>
    /// <param name="ringEntries">Entries of each: a power of two.</param>
    public AdaptiveLogCore(IEnumerable<ulong> slots, int vcpus, int ringEntries)
    {
        _slots = [.. slots.Select((pages, ordinal) => new AdaptiveSlot<TOrdering>(ordinal, pages))];
        _rings = new DirtyRingCore<TOrdering>[vcpus];
        for (int i = 0; i < vcpus; i++)
        {
            using var entries = new NativeBlock<DirtyGfn>((nuint)ringEntries, alignment: (nuint)Environment.SystemPageSize);
            entries.Touch();
            _rings[i] = new DirtyRingCore<TOrdering>(entries.View, reservedEntries: 0);
        }

        _control = _controlView.DangerousPointer;
    }

    /// <summary>Memory of the rings, the bitmaps and the summaries.</summary>
    public ulong Bytes
    {
        get
        {
            ulong bytes = 0;
            foreach (DirtyRingCore<TOrdering> ring in _rings)
                bytes += ring.Capacity * (ulong)DirtyGfn.SizeInBytes;
            foreach (AdaptiveSlot<TOrdering> slot in _slots)
                bytes += slot.Bytes;
            return bytes;
        }
    }

    public ref AdaptiveControl Control => ref *_control;

    /// <summary>Where the next records go. Any thread.</summary>
    public DirtyLogForm Form
    {
        get
        {
            var form = (DirtyLogForm)TOrdering.LoadRelaxed(ref _control->Form);
            GC.KeepAlive(this);
            return form;
        }
    }

    /// <summary>Records a page. The vCPU's thread; it always finds room.</summary>
    /// <param name="vcpu">The vCPU's number.</param>
    /// <param name="slot">The slot's ordinal.</param>
    /// <param name="page">Page index inside the slot.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Record(int vcpu, int slot, ulong page)
    {
        switch (Form)
        {
            case DirtyLogForm.Ring:
                if (_rings[vcpu].TryPush((uint)slot, page) == PushResult.Full)
                    RecordAside(slot, page);
                break;
            case DirtyLogForm.Bitmap:
                _slots[slot].Bitmap.Mark(page);
                break;
            default:
                _slots[slot].Summary.Mark(page);
                break;
        }
    }

    /// <summary>Records a page whatever the form: for those who have no ring, or whose ring is full. Any thread.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void RecordAside(int slot, ulong page)
    {
        _slots[slot].Summary.Mark(page);                                              // E4
        TOrdering.OrRelease(ref _control->Overflowed, 1);                             // E86: behind the mark, and never skipped
        GC.KeepAlive(this);
    }

    public void Dispose()
    {
        foreach (DirtyRingCore<TOrdering> ring in _rings)
            ring.Dispose();
        foreach (AdaptiveSlot<TOrdering> slot in _slots)
            slot.Dispose();
    }

    private static uint FormBit(DirtyLogForm form) => 1u << (int)form;
}
