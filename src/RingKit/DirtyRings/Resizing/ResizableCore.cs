using System.Diagnostics;
using System.Runtime.CompilerServices;
using RingKit.DirtyRings.Resetting;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.DirtyRings.Resizing;

/// <summary>Rings one after the other, of which at most two are in use.</summary>
internal sealed unsafe class ResizableCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // Each party moves from ring n to ring n + 1 by itself, and says so by a release store of its own word:
    //   resizer Requested (E26) -> producer Pushing (E27) -> harvester Harvesting (E28) -> resetter Resetting (E29) -> resizer.
    // Whoever leaves a ring has done all it will ever do there, and the next party loads that word before it looks at the ring: so when that
    // ring then is used up, it is used up for good. That keeps the order of the entries and loses none.
    // Two places are enough, since a resize waits for Resetting to reach the newest ring: nobody is at the other place then.
    // The references lie in managed memory, which no ordering sees. Beside each, in Places, lies the number of its ring, written and read
    // together with it: what holds for the number before a model of memory holds for the reference.
    private readonly DirtyRingCore<TOrdering>?[] _rings = new DirtyRingCore<TOrdering>?[2];
    private readonly NativeView<ResizableControl> _controlView = new NativeBlock<ResizableControl>(1).View;
    private readonly ResizableControl* _control;

    // The resetter's: what rings that are gone refused.
    private ulong _refusedBefore;

    public ResizableCore(DirtyRingCore<TOrdering> first)
    {
        _rings[0] = first;
        _control = _controlView.DangerousPointer;
        _control->Shape = ShapeOf(first);
    }

    public ref ResizableControl Control => ref *_control;

    /// <summary>Any thread: entries of the newest ring.</summary>
    public uint Capacity => (uint)Shape;

    /// <summary>Any thread: the soft limit of the newest ring.</summary>
    public uint SoftLimit => (uint)(Shape >> 32);

    /// <summary>Any thread: entries in both rings; exact only while nobody moves.</summary>
    public uint Used => (_rings[0]?.Used ?? 0) + (_rings[1]?.Used ?? 0);

    /// <summary>Resetter only.</summary>
    public ulong RefusedPages
    {
        get
        {
            DirtyRingCore<TOrdering> ring = At(TOrdering.LoadRelaxed(ref _control->Resetting));
            GC.KeepAlive(this);
            return _refusedBefore + ring.Read(ref ring.Control.RefusedPages);
        }
    }

    public bool IsResizing
    {
        get
        {
            bool resizing = TOrdering.LoadAcquire(ref _control->Resetting) != TOrdering.LoadRelaxed(ref _control->Requested);   // E29
            GC.KeepAlive(this);
            return resizing;
        }
    }

    public void Dispose()
    {
        foreach (DirtyRingCore<TOrdering>? ring in _rings)
            ring?.Dispose();
    }

    /// <summary>Resizer only, after it has seen that <see cref="IsResizing"/> is false.</summary>
    public void Replace(DirtyRingCore<TOrdering> ring)
    {
        uint next = TOrdering.LoadRelaxed(ref _control->Requested) + 1;
        _rings[next & 1] = ring;
        TOrdering.WritePlain(ref _control->Places[next & 1], next);
        TOrdering.StoreRelaxed(ref _control->Shape, ShapeOf(ring));
        TOrdering.StoreRelease(ref _control->Requested, next);                        // E26: the new ring
        GC.KeepAlive(this);
    }

    /// <summary>Producer only. A request is followed at the beginning of a push: what came before is in the old ring, this one in the new.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PushResult TryPush(uint slot, ulong offset)
    {
        uint requested = TOrdering.LoadAcquire(ref _control->Requested);              // E26: the new ring
        if (requested != TOrdering.LoadRelaxed(ref _control->Pushing))
            TOrdering.StoreRelease(ref _control->Pushing, requested);                 // E27: all that was pushed into the ring before
        PushResult result = At(requested).TryPush(slot, offset);
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>Harvester only.</summary>
    public int Harvest<TSink>(ref TSink sink, int maximum)
        where TSink : struct, IDirtyEntrySink, allows ref struct
    {
        int count = 0;
        while (true)
        {
            uint pushing = TOrdering.LoadAcquire(ref _control->Pushing);              // E27: nothing more comes into the rings before
            uint harvesting = TOrdering.LoadRelaxed(ref _control->Harvesting);
            DirtyRingCore<TOrdering> ring = At(harvesting);
            count += ring.Harvest(ref sink, maximum - count);
            if (harvesting == pushing || !ring.IsHarvested)
            {
                GC.KeepAlive(this);
                return count;
            }

            TOrdering.StoreRelease(ref _control->Harvesting, harvesting + 1);         // E28: all that was released in the ring before
        }
    }

    /// <summary>Resetter only.</summary>
    public ResetResult Reset<TTarget, TPolicy>(ref TTarget target, int maximum, CancellationToken cancellation)
        where TTarget : struct, allows ref struct
        where TPolicy : struct, IResetPolicy<TTarget>
    {
        ResetResult sum = default;
        while (true)
        {
            uint harvesting = TOrdering.LoadAcquire(ref _control->Harvesting);        // E28: nothing more is released in the rings before
            uint resetting = TOrdering.LoadRelaxed(ref _control->Resetting);
            DirtyRingCore<TOrdering> ring = At(resetting);
            sum += ring.Reset<TTarget, TPolicy>(ref target, maximum - sum.Entries, cancellation);
            if (resetting == harvesting || sum.IsInterrupted || ring.Used != 0)
            {
                GC.KeepAlive(this);
                return sum;
            }

            _refusedBefore += ring.Read(ref ring.Control.RefusedPages);
            ring.Dispose();
            TOrdering.StoreRelease(ref _control->Resetting, resetting + 1);           // E29: nobody is at the ring before any more
        }
    }

    // One word, so that nobody sees the capacity of one ring with the limit of another; it leads to nothing, and needs no order.
    private ulong Shape
    {
        get
        {
            ulong shape = TOrdering.LoadRelaxed(ref _control->Shape);
            GC.KeepAlive(this);
            return shape;
        }
    }

    private static ulong ShapeOf(DirtyRingCore<TOrdering> ring) => ring.Capacity | ((ulong)ring.SoftLimit << 32);

    // A party only: written before the word that leads to it (E26), and not again before the party has left it (E29).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private DirtyRingCore<TOrdering> At(uint generation)
    {
        uint number = TOrdering.ReadPlain(ref _control->Places[generation & 1]);
        Debug.Assert(number == generation, "Another ring is in this place.");
        return _rings[generation & 1]!;
    }
}
