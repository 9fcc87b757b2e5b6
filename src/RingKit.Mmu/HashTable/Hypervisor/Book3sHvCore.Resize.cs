using RingKit.Mmu.HashTable.Resizing;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>A table of another size in place of this one: prepared while the guest runs, committed while it does not.</summary>
/// <remarks>Thread role: one thread of the host's at a time for each call; several take turns.</remarks>
internal sealed partial class Book3sHvCore<TOrdering>
{
    private const int PreparationEstimate = 100;

    private readonly Lock _resizeLock = new();
    private PendingResize<TOrdering>? _resize;
    private Func<int, HptInfo<TOrdering>>? _makeTable;

    /// <summary>What makes a table of an order. Tests put in makers that are slow, or have no memory.</summary>
    internal Func<int, HptInfo<TOrdering>> MakeTable
    {
        private get => _makeTable ?? (order => new HptInfo<TOrdering>(new HptGeometry(order), Format, Options.Isa30));
        set => _makeTable = value;
    }

    /// <summary>KVM_PPC_RESIZE_HPT_PREPARE: has a table made, or asks how far that is.</summary>
    /// <param name="flags">None exist: 0.</param>
    /// <param name="order">The new table's order, or 0 to give up what was prepared.</param>
    /// <returns>
    /// An estimate while the table is being made, none when it is there. <see cref="Errno.Invalid"/>: flags, or an order out of range;
    /// <see cref="Errno.NoMemory"/>: there is none for the table, and the preparation is over.
    /// </returns>
    internal ResizeAnswer PrepareResize(ulong flags, uint order)
    {
        if (flags != 0 || !IsResizeOrder(order))
            return Errno.Invalid;

        lock (_resizeLock)
        {
            if (_resize is { } resize && resize.Order == order)
            {
                Errno error = resize.Error;
                if (error == Errno.Busy)
                    return new ResizeAnswer(Errno.None, PreparationEstimate);
                if (error != Errno.None)
                    ReleaseResize();
                return error;
            }

            ReleaseResize();
            if (order == 0)
                return Errno.None;
            _resize = new PendingResize<TOrdering>((int)order, MakeTable);
            return new ResizeAnswer(Errno.None, PreparationEstimate);
        }
    }

    /// <summary>
    /// KVM_PPC_RESIZE_HPT_COMMIT: moves to the table that was prepared. Of the entries the bolted ones alone are there, absent; R and C of all are
    /// where they go when a page is taken away. Whatever it answers, the preparation is over.
    /// </summary>
    /// <param name="thread">The thread that this runs on.</param>
    /// <param name="flags">None exist: 0.</param>
    /// <param name="order">The order that was prepared.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> as before; <see cref="Errno.NoDevice"/>: nothing of this order was prepared; <see cref="Errno.Busy"/>: it is still
    /// being made; <see cref="Errno.NoMemory"/>: it could not be; <see cref="Errno.NoSpace"/>: two bolted entries would have the same place in a
    /// smaller table; <see cref="Errno.InputOutput"/>: an entry has no page size. After the last two the old table goes on, and its entries up to
    /// the one that failed are absent.
    /// </returns>
    /// <remarks>
    /// The caller keeps all vCPUs out of the guest and its hypercalls, and harvests out of the table, until this returns. Second-level faults may be on
    /// their way: they try again. Pages may be taken away.
    /// </remarks>
    internal Errno CommitResize<TThread>(ref TThread thread, ulong flags, uint order)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (flags != 0 || !IsResizeOrder(order))
            return Errno.Invalid;

        lock (_resizeLock)
        {
            MmuReady = false;
            try
            {
                return CommitResize(ref thread, order);
            }
            finally
            {
                CountMmioUpdate();
                MmuReady = true;
                ReleaseResize();
            }
        }
    }

    private Errno CommitResize<TThread>(ref TThread thread, uint order)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (_resize is not { } resize || resize.Order != order)
            return Errno.NoDevice;
        if (resize.Error is not Errno.None and var error)
            return error;

        HptInfo<TOrdering> next = resize.Take();
        error = Rehash(ref thread, next);
        if (error == Errno.None)
            Use(next);   // A fault may still look at the old one, which is freed when nobody holds it any more.
        else
            next.Dispose();
        return error;
    }

    private void ReleaseResize()
    {
        _resize?.Release();
        _resize = null;
    }

    private static bool IsResizeOrder(uint order) => order is 0 or (>= HptGeometry.MinimumOrder and <= HptGeometry.MaximumOrder);
}
