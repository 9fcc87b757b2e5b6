using RingKit.Bitmaps.Cores;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Clients;

/// <summary>Hands the marks of one bitmap on to the bitmaps of all clients.</summary>
internal sealed class DirtyClientsCore<TOrdering>
    where TOrdering : struct, IOrdering
{
    // A distribution takes a word's marks and ors them into each client's word (E4). In between the marks are in none of them, so a client
    // that harvested then would miss marks that were made before. The lock (E38) makes it wait; writers never do. It also keeps the list.
    private readonly DirtyBitmapCore<TOrdering> _marks;
    private readonly List<(string Name, DirtyBitmapCore<TOrdering> Inbox)> _clients = [];
    private readonly ulong[] _lock = GC.AllocateArray<ulong>(1, pinned: true);

    public DirtyClientsCore(DirtyBitmapCore<TOrdering> marks) => _marks = marks;

    internal ref ulong Lock => ref _lock[0];

    /// <summary>Moves the marks of a range to all clients. All that were made before the call are there when it returns.</summary>
    public void Distribute(ulong first, ulong count)
    {
        ulong end = _marks.EndOf(first, count);
        Enter();
        try
        {
            var distribution = new Distribution(_clients);
            _marks.Masks<AlwaysOr, Distribution>(ref distribution, ref first, end, ulong.MaxValue, takes: true);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Adds a client. It gets what is marked from now on: marks made before go to the others alone.</summary>
    public void Add(string name, DirtyBitmapCore<TOrdering> inbox)
    {
        Enter();
        try
        {
            if (_clients.Exists(client => string.Equals(client.Name, name, StringComparison.Ordinal)))
                throw new ArgumentException($"There is a client named {name} already.", nameof(name));

            var distribution = new Distribution(_clients);
            ulong cursor = 0;
            _marks.Masks<AlwaysOr, Distribution>(ref distribution, ref cursor, _marks.Pages, ulong.MaxValue, takes: true);
            _clients.Add((name, inbox));
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Takes a client out. Nobody touches its bitmap afterwards.</summary>
    public void Remove(DirtyBitmapCore<TOrdering> inbox)
    {
        Enter();
        _clients.RemoveAll(client => ReferenceEquals(client.Inbox, inbox));
        Leave();
    }

    public string[] Names()
    {
        Enter();
        string[] names = [.. _clients.Select(client => client.Name)];
        Leave();
        return names;
    }

    private void Enter()
    {
        for (int rounds = 1; TOrdering.ExchangeAcquire(ref Lock, 1) != 0; rounds++)   // E38
        {
            TOrdering.Pause();

            // Whoever holds the lock may need this core, and a while.
            if (rounds % 32 == 0)
                Thread.Yield();
        }
    }

    private void Leave() => TOrdering.StoreRelease(ref Lock, 0);                      // E38: what was distributed, and the list

    private readonly struct Distribution(List<(string Name, DirtyBitmapCore<TOrdering> Inbox)> clients) : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
            foreach ((_, DirtyBitmapCore<TOrdering> inbox) in clients)
                inbox.PutBack(firstPage, mask);
        }
    }
}
