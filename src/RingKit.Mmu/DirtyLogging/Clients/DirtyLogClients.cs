using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Clients;

/// <summary>Several readers of one dirty log: each, such as a display, a code cache and a migration, harvests all that was written for itself, whenever it likes.</summary>
/// <remarks>
/// Guest and log do not notice how many there are. Whoever harvests first moves what is new to all clients that are on, each of which has a summary bitmap for each slot.
/// From the first client on nothing else harvests, starts or stops the log: it would take pages from all clients.
/// A slot is taken from the guest by <see cref="VirtualMachine.RemoveSlot(MemorySlot)"/>: each client's next harvest has its last pages.
/// <para>
/// Thread role: all members by any threads, while vCPUs run. Harvests of different clients exclude each other while they move pages, and not while their sinks work.
/// </para>
/// Dispose it before the log.
/// </remarks>
public sealed class DirtyLogClients : IDisposable
{
    // Words of a list that is not given back to the pool: 1 MiB.
    private const int LargestKept = 1 << 16;

    private readonly VirtualMachine _machine;
    private readonly Lock _lock = new();
    private readonly List<DirtyLogClient> _clients = [];

    // What a harvest is about to move.
    private readonly DirtyWordList _moving = new(0);

    // How much vCPUs had recorded before the harvest that moved it to the clients, or null if more than that may be new.
    private ulong? _recordsMoved;
    private bool _isDisposed;

    /// <summary>Begins without clients.</summary>
    /// <param name="machine">A machine that has a log, which is off.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine has no log.</exception>
    public DirtyLogClients(VirtualMachine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        Log = machine.DirtyLog ?? throw new ArgumentException("The machine has no dirty log.", nameof(machine));
        _machine = machine;
    }

    /// <summary>The names of the clients, in the order in which they joined.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            using VcpuSafeScope scope = Enter();
            return [.. _clients.Select(client => client.Name)];
        }
    }

    internal IDirtyLog Log { get; }

    internal GuestMemory Memory => _machine.Memory;

    /// <summary>Adds a client, which is off.</summary>
    /// <param name="name">What it is called, as no other client is.</param>
    /// <returns>The client, which leaves when it is disposed. A forgotten one that is on costs every harvest its share.</returns>
    /// <exception cref="ArgumentException">There is no name, or a client that has it; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public DirtyLogClient Join(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        using VcpuSafeScope scope = Enter();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_clients.Exists(client => string.Equals(client.Name, name, StringComparison.Ordinal)))
            throw new ArgumentException($"There is a client named {name} already.", nameof(name));
        var client = new DirtyLogClient(this, name);
        _clients.Add(client);
        return client;
    }

    /// <summary>All clients leave, and the log is off.</summary>
    public void Dispose()
    {
        using VcpuSafeScope scope = Enter();
        if (_isDisposed)
            return;
        while (_clients.Count != 0)
            _clients[^1].Dispose();
        _moving.Dispose();
        _isDisposed = true;
    }

    /// <summary>The lock of the list, and of moving pages.</summary>
    internal VcpuSafeScope Enter() => new(_lock, _machine);

    /// <summary>A client that was off is turned on: what was written before is the others' alone. Under the lock.</summary>
    internal void Start()
    {
        if (_clients.Exists(other => other.IsOn))
        {
            Distribute();
            return;
        }

        _recordsMoved = null;
        Log.Start();
    }

    /// <summary>A client was turned off. Under the lock.</summary>
    internal void Stopped()
    {
        if (!_clients.Exists(other => other.IsOn))
            Log.Stop();
    }

    /// <summary>A client leaves. Under the lock.</summary>
    internal void Remove(DirtyLogClient client) => _clients.Remove(client);

    /// <summary>Moves what was written to all clients that are on. Under the lock.</summary>
    internal void Distribute()
    {
        // Before the harvest: it has what was counted by then. What is recorded while it works may be in it, and is looked for once more.
        ulong? recorded = _machine.TryCountRecords();
        _recordsMoved = null;

        // Not from inside a harvest: another client's sink, at work meanwhile, would get pages that vCPUs can still store to unseen, and read them too early.
        var sink = new TakingSink(_moving, rest: null);
        try
        {
            Log.Harvest(ref sink);
            _recordsMoved = recorded;
        }
        finally
        {
            foreach (DirtyWord word in _moving.Words)
                Add(word);
            _moving.Clear();
            if (_moving.Capacity > LargestKept)
                _moving.Shrink();
        }
    }

    /// <summary>Whether there may be pages that no harvest has moved. Under the lock.</summary>
    internal bool MayHaveNews() =>
        _recordsMoved is not { } moved
        || _machine.TryCountRecords() != moved
        || _machine.MayHaveWritesWithoutVcpu
        || Log is MachineDirtyLog { MayHaveReturned: true };

    private void Add(DirtyWord word)
    {
        foreach (DirtyLogClient client in _clients)
        {
            if (client.IsOn)
                client.Add(word);
        }
    }
}
