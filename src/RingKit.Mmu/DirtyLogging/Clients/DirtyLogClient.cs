using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Clients;

/// <summary>One of several readers of a dirty log, and a dirty log itself to whoever reads it; see <see cref="DirtyLogClients"/>.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with other clients and with vCPUs; <see cref="CanRecord"/>, <see cref="Record"/> and <see cref="NeedsHarvest"/> as the
/// log's. <see cref="Statistics"/> are those of the log, for all clients together.
/// </remarks>
public sealed class DirtyLogClient : IDirtyLog, IHarvestSource
{
    private readonly DirtyLogClients _clients;
    private readonly PendingPages _pending;

    // Raised by each stop: what was taken before is forgotten.
    private ulong _session;
    private int _recentWords;
    private bool _hasLeft;

    internal DirtyLogClient(DirtyLogClients clients, string name)
    {
        _clients = clients;
        _pending = new PendingPages(clients.Memory);
        Name = name;
    }

    /// <summary>The name under which it joined.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public DirtyLogStatistics Statistics => _clients.Log.Statistics;

    /// <summary>The memory of the log, which all clients share, and of the client's own bitmaps.</summary>
    public ulong BookkeepingBytes => _clients.Log.BookkeepingBytes + _pending.Bytes;

    internal IDirtyLog Log => _clients.Log;

    GuestMemory IHarvestSource.Memory => _clients.Memory;

    /// <summary>Whether it gets what is written. Under the clients' lock.</summary>
    internal bool IsOn { get; private set; }

    /// <summary>
    /// Turns the client on: pages are in its harvests that are written from now on. The log starts with the first client that is on. Nothing happens to
    /// one that is on already.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The client has left.</exception>
    public void Start()
    {
        using VcpuSafeScope scope = Enter();
        if (IsOn)
            return;
        _clients.Start();
        IsOn = true;
    }

    /// <summary>Turns the client off. What was not harvested, and what a <see cref="DirtyHarvest"/> from before puts back later, is forgotten; other clients do not notice.</summary>
    /// <exception cref="ObjectDisposedException">The client has left.</exception>
    public void Stop()
    {
        using VcpuSafeScope scope = Enter();
        if (!IsOn)
            return;
        IsOn = false;
        _session++;
        Forget();
        _clients.Stopped();
    }

    /// <summary>
    /// Whether anything may have been written since the client's last harvest: a few loads, and no harvest. False is certain, but for stores that are under way.
    /// </summary>
    /// <remarks>
    /// It asks how much vCPUs have recorded. Where they do not know, over a hashed table, over shadow mappings and where processors have modification logs, it is true always.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The client has left.</exception>
    public bool MayHavePages()
    {
        using VcpuSafeScope scope = Enter();
        return IsOn && (_pending.MayHavePages || _clients.MayHaveNews());
    }

    /// <summary>
    /// Hands the pages written since the client's last harvest to the sink, which may read their contents at once: the log's own harvest is over by then.
    /// </summary>
    /// <param name="sink">Takes the pages. If it throws, the pages that it did not take are in the next harvest.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">The client has left.</exception>
    public void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        Collect();
        _pending.Deliver(ref sink);
    }

    /// <summary>Hands the pages written since the last harvest to the sink as runs, ascending by slot and page, each as long as it gets.</summary>
    /// <param name="sink">Takes the runs. If it throws, the pages that it did not take are in the next harvest.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">The client has left.</exception>
    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageRunSink
    {
        Collect();
        foreach (MemorySlot slot in _clients.Memory.Slots)
            _pending.DeliverRuns(slot, ref sink);
    }

    /// <summary>The same for one slot, such as a display's memory. Pages of others stay for the next harvest.</summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <param name="sink">Takes the runs. If it throws, the pages that it did not take are in the next harvest.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ObjectDisposedException">The client has left.</exception>
    public void HarvestRuns<TSink>(MemorySlot slot, ref TSink sink)
        where TSink : struct, IDirtyPageRunSink
    {
        _clients.Memory.CheckSlot(slot);
        Collect();
        _pending.DeliverRuns(slot, ref sink);
    }

    /// <inheritdoc/>
    public DirtyHarvest Take()
    {
        Collect();
        var list = new DirtyWordList(_recentWords);
        try
        {
            var sink = new TakingSink(list, rest: null);
            _pending.Deliver(ref sink);
            _recentWords = list.Count;
            return new DirtyHarvest(this, list, _session);
        }
        catch
        {
            Return(list.Words);
            list.Dispose();
            throw;
        }
    }

    /// <summary>Puts pages back that a harvest of this client has handed out: its next one has them. If it is off, nothing happens.</summary>
    /// <inheritdoc/>
    public void PutBack(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        _clients.Memory.CheckPages(slot, baseOffset, mask);
        using VcpuSafeScope scope = Enter();
        if (IsOn)
            _pending.Add(slot, baseOffset, mask);
    }

    /// <summary>Forgets what was written so far, for this client.</summary>
    /// <exception cref="ObjectDisposedException">The client has left.</exception>
    public void Clear()
    {
        Collect();
        Forget();
    }

    /// <inheritdoc/>
    public bool CanRecord(Vcpu vcpu) => _clients.Log.CanRecord(vcpu);

    /// <inheritdoc/>
    public void Record(Vcpu vcpu, MemorySlot slot, ulong offset) => _clients.Log.Record(vcpu, slot, offset);

    /// <inheritdoc/>
    public bool NeedsHarvest(Vcpu vcpu) => _clients.Log.NeedsHarvest(vcpu);

    /// <summary>Stops, and leaves. Other clients do not notice.</summary>
    public void Dispose()
    {
        using VcpuSafeScope scope = _clients.Enter();
        if (_hasLeft)
            return;
        Stop();
        _hasLeft = true;
        _clients.Remove(this);
        _pending.Dispose();
    }

    /// <inheritdoc/>
    void IHarvestSource.TakeBack(ReadOnlySpan<DirtyWord> words, ulong session)
    {
        using VcpuSafeScope scope = _clients.Enter();
        if (IsOn && session == _session)
            Return(words);
    }

    /// <summary>Gets pages that were written. Under the clients' lock.</summary>
    internal void Add(DirtyWord word) => _pending.Add(word.Ordinal, word.Word, word.Mask);

    private VcpuSafeScope Enter()
    {
        VcpuSafeScope scope = _clients.Enter();
        if (!_hasLeft)
            return scope;
        scope.Dispose();
        throw new ObjectDisposedException(nameof(DirtyLogClient));
    }

    private void Collect()
    {
        using VcpuSafeScope scope = Enter();
        if (IsOn)
            _clients.Distribute();
    }

    private void Return(ReadOnlySpan<DirtyWord> words)
    {
        foreach (DirtyWord word in words)
            _pending.Add(word.Ordinal, word.Word, word.Mask);
    }

    private void Forget()
    {
        foreach (MemorySlot slot in _clients.Memory.Slots)
            _pending.Forget(slot);
    }
}
