using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <content>Harvests in two phases: what is taken, and what comes back.</content>
public abstract partial class MachineDirtyLog
{
    // For each slot the session that began when its log was last stopped: what was taken in an earlier one is forgotten.
    private readonly ulong[] _sessions;
    private ulong _session;
    private PendingPages? _returned;
    private int _recentWords;
    private bool _isDisposed;

    /// <inheritdoc/>
    public DirtyHarvest Take()
    {
        using var scope = new VcpuSafeScope(_slotsLock, Machine);

        // First, so that what is taken can come back whatever happens.
        PendingPages returned = Returned();
        var list = new DirtyWordList(_recentWords);
        try
        {
            var sink = new TakingSink(list, returned);
            CollectAndEnd(ref sink, withReturned: false);

            // The bitmaps join and sort at once.
            if (sink.HasRest || returned.MayHavePages)
            {
                Return(list.Words);
                list.Clear();
                returned.Deliver(ref sink);
            }

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

    /// <inheritdoc/>
    public void PutBack(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        Machine.Memory.CheckPages(slot, baseOffset, mask);
        using var scope = new VcpuSafeScope(_slotsLock, Machine);
        if (_isDisposed || !slot.LogsDirtyPages)
            return;
        SetAside(slot, baseOffset, mask);
    }

    /// <summary>
    /// False if no pages have come back that no harvest has taken since, but for those that come meanwhile. Any thread, until the log is disposed.
    /// </summary>
    internal bool MayHaveReturned => _returned?.MayHavePages == true;

    GuestMemory IHarvestSource.Memory => Machine.Memory;

    /// <inheritdoc/>
    void IHarvestSource.TakeBack(ReadOnlySpan<DirtyWord> words, ulong session)
    {
        using var scope = new VcpuSafeScope(_slotsLock, Machine);
        if (_isDisposed || _returned is not { } returned)
            return;
        foreach (DirtyWord word in words)
        {
            if (_sessions[word.Ordinal] <= session)
                returned.Add(word.Ordinal, word.Word, word.Mask);
        }
    }

    private protected void CheckSlot(MemorySlot slot) => Machine.Memory.CheckSlot(slot);

    private protected void CheckPage(MemorySlot slot, ulong offset)
    {
        CheckSlot(slot);
        if (offset >= slot.PageCount)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"The slot has {slot.PageCount} pages.");
    }

    /// <summary>Keeps pages, at any offset, for the next harvest. Under the lock.</summary>
    private protected void SetAside(MemorySlot slot, ulong baseOffset, ulong mask) => Returned().Add(slot, baseOffset, mask);

    /// <summary>Hands what came back to a slot to the sink, where it goes into the log itself. Under the lock.</summary>
    private protected void CollectReturned<TSink>(MemorySlot slot, ref TSink sink)
        where TSink : struct, IDirtyPageSink => _returned?.Deliver(slot, ref sink);

    /// <summary>Forgets what devices and the host wrote to a slot, what came back to it, and what may still come from harvests that are held. Under the lock, when the slot's log stops.</summary>
    private protected void ForgetReturned(MemorySlot slot)
    {
        _sessions[slot.Ordinal] = ++_session;
        _returned?.Forget(slot);
        ForgetWritesWithoutVcpu(slot);
    }

    private PendingPages Returned() => _returned ??= new PendingPages(Machine.Memory);

    private void Return(ReadOnlySpan<DirtyWord> words)
    {
        foreach (DirtyWord word in words)
            Returned().Add(word.Ordinal, word.Word, word.Mask);
    }
}
