using System.Collections.Immutable;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Shadow;

/// <summary>
/// Guest pages mapped as Book3S PR maps them: each vCPU's translations stand in the host's own table, and a page is marked dirty when it is mapped
/// so that it can be written, be it for a load.
/// </summary>
/// <remarks>
/// Frames are pages of 4 KiB. Thread role: <see cref="Map"/> and <see cref="Unmap"/> by each vCPU's thread; one thread at a time fetches, starts and
/// stops. What it reports is more than what was written: pages that were read through a writable mapping, too.
/// </remarks>
internal sealed class ShadowMmuCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    private readonly ImmutableArray<ShadowCacheCore<TOrdering>> _caches;
    private readonly HashTableDefects _defects;

    /// <param name="memory">The guest's memory.</param>
    /// <param name="vcpuCount">At least 1.</param>
    /// <param name="defects">Past bugs to bring back.</param>
    public ShadowMmuCore(GuestMemory memory, int vcpuCount, HashTableDefects defects = HashTableDefects.None)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vcpuCount, 1);
        _defects = defects;
        Slots = [.. memory.Slots.Select(slot => new ShadowSlot<TOrdering>(slot))];
        _caches = [.. Enumerable.Range(0, vcpuCount).Select(vcpu => new ShadowCacheCore<TOrdering>(vcpu))];
    }

    public ImmutableArray<ShadowSlot<TOrdering>> Slots { get; }

    /// <summary>What the host's table has for a page, as the processor looks it up; or null.</summary>
    public ShadowTranslation? Find<TThread>(ref TThread thread, int vcpu, ulong page)
        where TThread : struct, IHostThread, allows ref struct
    {
        ShadowCacheCore<TOrdering> cache = _caches[vcpu];
        cache.Lock(ref thread);
        ShadowTranslation? found = cache.Find(page);
        cache.Unlock();
        return found;
    }

    /// <summary>Translates a page of the guest's, and maps it if it is not: KVM's map_page, after the guest's own table has been asked.</summary>
    /// <param name="thread">The calling thread.</param>
    /// <param name="vcpu">Its vCPU.</param>
    /// <param name="page">The effective address's page.</param>
    /// <param name="gfn">The frame that the guest's table names.</param>
    /// <param name="mayWrite">Whether guest and host let it be written.</param>
    /// <returns>The translation, or null if the frame is no memory.</returns>
    public ShadowTranslation? Map<TThread>(ref TThread thread, int vcpu, ulong page, ulong gfn, bool mayWrite)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (FindSlot(gfn) is not { } slot)
            return null;

        ShadowCacheCore<TOrdering> cache = _caches[vcpu];
        cache.Lock(ref thread);
        if (slot.Memory.IsRemoved)
        {
            cache.Unlock();
            return null;
        }

        ShadowTranslation? known = cache.Find(page);
        if (known is { } found)
        {
            if (found.Gfn == gfn && (found.MayWrite || !mayWrite))
            {
                cache.Unlock();
                return known;
            }

            // Another frame, or a store to a page that was read-only for the host.
            cache.Drop(ref thread, found);
        }

        if (cache.IsFull)
            cache.Flush(ref thread, 0, ulong.MaxValue);

        // Mark and entry under one lock: a fetch that has taken the mark finds the entry, and one that has passed the lists finds the mark, next time.
        if (mayWrite && slot.Logs)
            slot.Changed.Mark(gfn - slot.Memory.BaseGfn, 1);
        ShadowTranslation made = cache.Add(page, gfn, mayWrite);
        cache.Unlock();
        return made;
    }

    /// <summary>Drops a vCPU's translation of a page.</summary>
    public void Unmap<TThread>(ref TThread thread, int vcpu, ulong page)
        where TThread : struct, IHostThread, allows ref struct
    {
        ShadowCacheCore<TOrdering> cache = _caches[vcpu];
        cache.Lock(ref thread);
        if (cache.Find(page) is { } found)
            cache.Drop(ref thread, found);
        cache.Unlock();
    }

    /// <summary>Starts to log a slot: what maps it is dropped, so that it is marked when it is mapped again.</summary>
    public ShadowStatistics StartLogging<TThread>(ref TThread thread, ShadowSlot<TOrdering> slot)
        where TThread : struct, IHostThread, allows ref struct
    {
        slot.Changed.Forget();
        slot.Logs = true;
        return FlushSlot(ref thread, slot);
    }

    /// <summary>Stops logging a slot. When it returns no vCPU marks its frames any more.</summary>
    public void StopLogging<TThread>(ref TThread thread, ShadowSlot<TOrdering> slot)
        where TThread : struct, IHostThread, allows ref struct
    {
        slot.Logs = false;
        foreach (ShadowCacheCore<TOrdering> cache in _caches)
        {
            // Whoever looked before is done.
            cache.Lock(ref thread);
            cache.Unlock();
        }

        slot.Changed.Forget();
    }

    /// <summary>Hands the frames that were mapped writable since the last time to a sink, and drops all translations of the slot if there was any.</summary>
    public ShadowStatistics Harvest<TThread, TSink>(ref TThread thread, ShadowSlot<TOrdering> slot, ref TSink sink)
        where TThread : struct, IHostThread, allows ref struct
        where TSink : struct, IHashSlotSink, allows ref struct
    {
        bool clearsLater = (_defects & HashTableDefects.FetchClearsLater) != HashTableDefects.None;
        var statistics = default(ShadowStatistics);
        bool any = false;
        try
        {
            for (ulong word = 0; word < slot.Changed.WordCount; word++)
            {
                ulong mask = clearsLater ? slot.Changed.Look(word) : slot.Changed.Take(word);
                if (mask == 0)
                    continue;
                any = true;
                slot.Changed.HandOver(slot.Memory, word, mask, ref sink);
            }
        }
        finally
        {
            // Also of what a sink took before it threw.
            if (any)
                statistics = FlushSlot(ref thread, slot);
        }

        for (ulong word = 0; any && clearsLater && word < slot.Changed.WordCount; word++)
            slot.Changed.Overwrite(word);
        return statistics;
    }

    /// <summary>KVM_GET_DIRTY_LOG.</summary>
    /// <param name="thread">The calling thread.</param>
    /// <param name="slotId">The slot.</param>
    /// <param name="buffer">8 bytes or more for each 64 frames.</param>
    /// <param name="statistics">What it cost.</param>
    /// <returns>EINVAL if there is no such slot, ENOENT if it is not logged, EFAULT if the buffer is too small.</returns>
    public Errno GetDirtyLog<TThread>(ref TThread thread, uint slotId, Span<byte> buffer, out ShadowStatistics statistics)
        where TThread : struct, IHostThread, allows ref struct
    {
        statistics = default;
        if (FindSlotById(slotId) is not { } slot)
            return Errno.Invalid;
        if (!slot.Logs)
            return Errno.NoEntry;
        if ((ulong)buffer.Length / sizeof(ulong) < slot.Changed.WordCount)
            return Errno.BadAddress;

        buffer = buffer[..((int)slot.Changed.WordCount * sizeof(ulong))];
        buffer.Clear();
        var sink = new BitmapBufferSink(buffer);
        statistics = Harvest(ref thread, slot, ref sink);
        return Errno.None;
    }

    /// <summary>Drops all translations of a range of frames, as when the host takes pages away. Their marks stay.</summary>
    public ShadowStatistics Flush<TThread>(ref TThread thread, ulong firstGfn, ulong count)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong visited = 0, flushed = 0;
        foreach (ShadowCacheCore<TOrdering> cache in _caches)
        {
            cache.Lock(ref thread);
            (ulong seen, ulong dropped) = cache.Flush(ref thread, firstGfn, count);
            cache.Unlock();
            visited += seen;
            flushed += dropped;
        }

        return new ShadowStatistics(visited, flushed);
    }

    /// <summary>The slot of an id, or null.</summary>
    public ShadowSlot<TOrdering>? FindSlotById(uint id)
    {
        foreach (ShadowSlot<TOrdering> slot in Slots)
        {
            if (slot.Memory.Id == id)
                return slot;
        }

        return null;
    }

    public void Dispose()
    {
        foreach (ShadowCacheCore<TOrdering> cache in _caches)
            cache.Dispose();
        foreach (ShadowSlot<TOrdering> slot in Slots)
            slot.Dispose();
    }

    // After the marks were taken.
    private ShadowStatistics FlushSlot<TThread>(ref TThread thread, ShadowSlot<TOrdering> slot)
        where TThread : struct, IHostThread, allows ref struct =>
        Flush(ref thread, slot.Memory.BaseGfn, slot.Memory.PageCount);

    private ShadowSlot<TOrdering>? FindSlot(ulong gfn)
    {
        foreach (ShadowSlot<TOrdering> slot in Slots)
        {
            if (gfn - slot.Memory.BaseGfn < slot.Memory.PageCount)
                return slot;
        }

        return null;
    }
}
