using System.Collections.Immutable;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <content>Harvests in two phases: what is taken, and what comes back.</content>
public abstract partial class MachineDirtyLog
{
    // For each slot the session that began when its log was last stopped: what was taken in an earlier one is forgotten.
    private readonly ulong[] _sessions;
    private ulong _session;
    private ReturnedPages? _returned;
    private int _recentWords;
    private bool _isDisposed;

    /// <inheritdoc/>
    public DirtyHarvest Take()
    {
        using var scope = new VcpuSafeScope(_slotsLock, Machine);

        // First, so that what is taken can come back whatever happens.
        ReturnedPages returned = Returned();
        var list = new DirtyWordList(_recentWords);
        try
        {
            var sink = new TakingSink(list);
            CollectAndEnd(ref sink, withReturned: false);

            // Through the bitmaps where one order has to be made of several: they join and sort at once.
            if (!list.IsOrdered || returned.MayHavePages)
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
        CheckPages(slot, baseOffset, mask);
        using var scope = new VcpuSafeScope(_slotsLock, Machine);
        if (_isDisposed || !slot.LogsDirtyPages)
            return;
        SetAside(slot, baseOffset, mask);
    }

    /// <summary>Puts back what a harvest holds, but for slots whose log was stopped since.</summary>
    internal void TakeBack(ReadOnlySpan<DirtyWord> words, ulong session)
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

    internal MemorySlot SlotAt(int ordinal) => Machine.Memory.Slots[ordinal];

    internal void CheckPages(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        CheckSlot(slot);
        if (baseOffset >= slot.PageCount)
            throw new ArgumentOutOfRangeException(nameof(baseOffset), baseOffset, $"The slot has {slot.PageCount} pages.");
        ulong left = slot.PageCount - baseOffset;
        if (left < 64 && mask >> (int)left != 0)
            throw new ArgumentOutOfRangeException(nameof(mask), mask, $"From page {baseOffset} on the slot has {left} pages.");
    }

    private protected void CheckSlot(MemorySlot slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        ImmutableArray<MemorySlot> slots = Machine.Memory.Slots;
        if (slot.Ordinal >= slots.Length || slots[slot.Ordinal] != slot)
            throw new ArgumentException("The slot is not the machine's.", nameof(slot));
    }

    /// <summary>Keeps pages, at any offset, for the next harvest. Under the lock.</summary>
    private protected void SetAside(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        int shift = (int)(baseOffset % 64);
        Returned().Add(slot.Ordinal, baseOffset / 64, mask << shift);
        if (shift != 0)
            Returned().Add(slot.Ordinal, (baseOffset / 64) + 1, mask >> (64 - shift));
    }

    /// <summary>Forgets what devices and the host wrote to a slot, what came back to it, and what may still come from harvests that are held. Under the lock, when the slot's log stops.</summary>
    private protected void ForgetReturned(MemorySlot slot)
    {
        _sessions[slot.Ordinal] = ++_session;
        _returned?.Forget(slot);
        ForgetWritesWithoutVcpu(slot);
    }

    private ReturnedPages Returned() => _returned ??= new ReturnedPages(Machine.Memory);

    private void Return(ReadOnlySpan<DirtyWord> words)
    {
        foreach (DirtyWord word in words)
            Returned().Add(word.Ordinal, word.Word, word.Mask);
    }
}
