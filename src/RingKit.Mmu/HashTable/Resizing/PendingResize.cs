using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Resizing;

/// <summary>The table that a resize will move to, made by a thread of its own: KVM's kvm_resize_hpt.</summary>
internal sealed class PendingResize<TOrdering>
    where TOrdering : struct, IOrdering
{
    private readonly Lock _lifetime = new();
    private HptInfo<TOrdering>? _table;
    private Errno _error = Errno.Busy;
    private bool _released;

    public PendingResize(int order, Func<int, HptInfo<TOrdering>> make)
    {
        Order = order;
        _ = Task.Run(() => Prepare(make));
    }

    public int Order { get; }

    /// <summary><see cref="Errno.Busy"/> while the table is being made, <see cref="Errno.NoMemory"/> if it could not be.</summary>
    public Errno Error
    {
        get
        {
            lock (_lifetime)
                return _error;
        }
    }

    /// <summary>The table, which the caller owns from now on.</summary>
    public HptInfo<TOrdering> Take()
    {
        lock (_lifetime)
        {
            HptInfo<TOrdering> table = _table ?? throw new InvalidOperationException("There is no table to take.");
            _table = null;
            return table;
        }
    }

    /// <summary>Frees the table if nobody has taken it, now or as soon as it is made.</summary>
    public void Release()
    {
        lock (_lifetime)
        {
            _released = true;
            _table?.Dispose();
            _table = null;
        }
    }

    private void Prepare(Func<int, HptInfo<TOrdering>> make)
    {
        HptInfo<TOrdering>? table = null;
        Errno error = Errno.None;
        try
        {
            table = make(Order);
        }
        catch (OutOfMemoryException)
        {
            error = Errno.NoMemory;
        }

        lock (_lifetime)
        {
            _error = error;
            if (_released)
                table?.Dispose();
            else
                _table = table;
        }
    }
}
