using RingKit.Bitmaps;
using RingKit.Memory;
using RingKit.Mmu;

namespace RingKit.Kvm.Host;

/// <summary>Knows which pages of plain native memory were written: the kernel protects them and notes each first write, and nobody marks anything.</summary>
/// <remarks>
/// What it takes is Linux 6.7 or newer: asynchronous write protection of userfaultfd, and PAGEMAP_SCAN, which reports the written pages and protects them again in one
/// step. No right is needed, and no signal handler. A page that is written for the first time since costs its writer a fault, about a microsecond. docs/host-log.md
/// has what it costs and what happens to memory that is given up, moved or shared.
/// <para>
/// Thread role: the memory is written by any threads, by any means, the kernel's own writes (such as a <c>read</c>) included; marking and looking by any threads;
/// harvests by one thread at a time, while the others write. When a harvest hands a page over, all writes to it that came before the harvest began can be read, and a write
/// that comes later is in the next harvest. A page is in a harvest once.
/// </para>
/// A page is a page of the host, <see cref="PageSize"/>. What other processes write to shared memory, and what is written through another mapping of the same file, is not seen.
/// </remarks>
public sealed unsafe partial class HostDirtyLog : IDirtyTracker
{
    /// <summary>For how many regions there is room in one call of the kernel. More is no faster: docs/host-log.md.</summary>
    public const int DefaultRegions = 256;

    /// <summary>The most.</summary>
    public const int MaximumRegions = 1 << 20;

    // What the kernel reports goes into the bitmap before anybody sees it: so a sink that throws, pages that come back, and harvests that stop half-way are the bitmap's
    // business. A page is in one of three places: the kernel's records, the bitmap, and this object between the two, under the lock.
    private readonly DirtyBitmap _pending;
    private readonly NativeBlock<PageRegion> _regions;
    private readonly NativeLease _lease;
    private readonly HostTracker _tracker;
    private readonly nuint _start;
    private readonly Lock _gate = new();
    private HostDirtyLogStatistics _statistics;
    private bool _isDisposed;

    /// <summary>Tracks memory from now on. What was written before is not reported.</summary>
    /// <param name="memory">Whole pages, beginning at a page: a <see cref="NativeBlock{T}"/> that is aligned so, or any mapping of this process that it may write. The log keeps a block's memory.</param>
    /// <param name="regions">For how many regions of written pages there is room, from 1 to <see cref="MaximumRegions"/>; with more, the kernel is asked again.</param>
    /// <exception cref="ArgumentException">The memory does not consist of whole pages.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no memory, or the number of regions is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The memory's owner is disposed.</exception>
    /// <exception cref="HostTrackingException">The kernel does not offer it, not to this process, or not for this memory; nothing is tracked.</exception>
    public HostDirtyLog(NativeView<byte> memory, int regions = DefaultRegions)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        if (memory.Length == 0)
            throw new ArgumentOutOfRangeException(nameof(memory), memory.Length, $"There must be at least a page of {page} bytes.");
        if ((nuint)memory.DangerousPointer % page != 0 || memory.Length % page != 0)
            throw new ArgumentException($"The memory must begin at a page and consist of whole pages, of {page} bytes each.", nameof(memory));
        if (regions is < 1 or > MaximumRegions)
            throw new ArgumentOutOfRangeException(nameof(regions), regions, $"There is room for 1 to {MaximumRegions} regions.");

        Memory = memory;
        Pages = memory.Length / page;
        _start = (nuint)memory.DangerousPointer;
        _lease = memory.Lease();
        try
        {
            _tracker = HostTracker.Open();
            HostSelfCheck.Run(_tracker);
            _pending = new DirtyBitmap(Pages);
            _regions = new NativeBlock<PageRegion>((nuint)regions);
            _tracker.Track(_start, memory.Length);
        }
        catch
        {
            _tracker?.Dispose();
            _pending?.Dispose();
            _regions?.Dispose();
            _lease.Dispose();
            throw;
        }
    }

    /// <summary>The memory.</summary>
    public NativeView<byte> Memory { get; }

    /// <inheritdoc/>
    public ulong Pages { get; }

    /// <summary>Bytes of a page: the host's.</summary>
    public static int PageSize => Environment.SystemPageSize;

    /// <summary>What the log has done so far. Any thread.</summary>
    public HostDirtyLogStatistics Statistics
    {
        get
        {
            using Lock.Scope scope = _gate.EnterScope();
            return _statistics;
        }
    }

    /// <summary>The bytes of a page.</summary>
    /// <param name="page">From 0 to <see cref="Pages"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    public NativeView<byte> PageOf(ulong page)
    {
        CheckPage(page);
        return Memory.Slice((nuint)page * (nuint)PageSize, (nuint)PageSize);
    }

    /// <summary>Has the next harvest report a page, written or not.</summary>
    /// <inheritdoc/>
    public void Mark(ulong page) => _pending.Mark(page);

    /// <summary>Has the next harvest report pages, written or not: how pages that were taken come back.</summary>
    /// <inheritdoc/>
    public void MarkRange(ulong first, ulong count) => _pending.MarkRange(first, count);

    /// <summary>Has the next harvest report a page, and says whether it would not have without. The answer may be wrong about a write that comes meanwhile.</summary>
    /// <inheritdoc/>
    public bool TryMark(ulong page)
    {
        using Lock.Scope scope = EnterAlive();
        return _pending.TryMark(page) && !IsWritten(page);
    }

    /// <inheritdoc/>
    /// <exception cref="HostTrackingException">The memory is not mapped any more.</exception>
    public bool IsDirty(ulong page)
    {
        using Lock.Scope scope = EnterAlive();
        return _pending.IsDirty(page) || IsWritten(page);
    }

    /// <inheritdoc/>
    /// <exception cref="HostTrackingException">The memory is not mapped any more.</exception>
    public ulong Count()
    {
        const int Room = 64;
        using Lock.Scope scope = EnterAlive();
        ulong count = _pending.Count();
        bool mayOverlap = count != 0;
        PageRegion* regions = stackalloc PageRegion[Room];
        for (nuint address = _start, end = _start + Memory.Length; address < end;)
        {
            nuint found = _tracker.Look(ref address, end, regions, Room, 0, out Errno error);
            if (error != Errno.None)
                throw HostTracker.LookFailed(error);
            for (nuint i = 0; i < found; i++)
            {
                ulong first = PageAt(regions[i].Start), behind = PageAt(regions[i].End);
                count += behind - first;
                for (ulong page = first; mayOverlap && page < behind; page++)
                    count -= _pending.IsDirty(page) ? 1u : 0;
            }
        }

        return count;
    }

    /// <summary>Forgets what was written and marked so far.</summary>
    /// <exception cref="ObjectDisposedException">The log is disposed.</exception>
    /// <exception cref="HostTrackingException">The memory is not mapped any more.</exception>
    public void Clear()
    {
        using Lock.Scope scope = EnterAlive();
        CheckMapped();
        Errno error = _tracker.Forget(_start, _start + Memory.Length);
        if (error != Errno.None)
            throw HostTracker.LookFailed(error);
        _pending.ClearRange(0, Pages);
    }

    /// <summary>Tracks the memory no longer, and lets go of it. What was not harvested is forgotten.</summary>
    public void Dispose()
    {
        using Lock.Scope scope = _gate.EnterScope();
        if (_isDisposed)
            return;
        _isDisposed = true;
        _tracker.Dispose();
        _pending.Dispose();
        _regions.Dispose();
        _lease.Dispose();
    }

    /// <summary>What harvests take from and put back into.</summary>
    internal DirtyBitmap Pending => _pending;

    /// <summary>Moves what the kernel has recorded into the bitmap, and has it protect those pages.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="end">The page behind the last.</param>
    /// <param name="maximumPages">When so many were moved, the rest may stay where it is.</param>
    /// <returns>The page behind the last one that was looked at.</returns>
    internal ulong Collect(ulong first, ulong end, ulong maximumPages)
    {
        using Lock.Scope scope = EnterAlive();
        CheckMapped();
        nuint address = AddressOf(first), limit = AddressOf(end);
        PageRegion* regions = _regions.View.DangerousPointer;
        while (address < limit && maximumPages != 0)
        {
            // The kernel's 0 stands for no limit.
            nuint count = _tracker.Take(ref address, limit, regions, _regions.Length, maximumPages == ulong.MaxValue ? 0 : maximumPages, out Errno error);
            ulong pages = MarkRegions(regions, count);
            if (maximumPages != ulong.MaxValue)
                maximumPages -= Math.Min(pages, maximumPages);
            _statistics = _statistics with { Scans = _statistics.Scans + 1, Regions = _statistics.Regions + count, Pages = _statistics.Pages + pages };
            if (error != Errno.None)
                throw HostTracker.LookFailed(error);
        }

        return PageAt(address);
    }

    private ulong MarkRegions(PageRegion* regions, nuint count)
    {
        ulong pages = 0;
        for (nuint i = 0; i < count; i++)
        {
            ulong first = PageAt(regions[i].Start), behind = PageAt(regions[i].End);
            _pending.MarkRange(first, behind - first);
            pages += behind - first;
            regions[i].Start = 0;
        }

        return pages;
    }

    private bool IsWritten(ulong page)
    {
        PageRegion region;
        nuint address = AddressOf(page);
        nuint found = _tracker.Look(ref address, address + (nuint)PageSize, &region, 1, 0, out Errno error);
        return error == Errno.None ? found != 0 : throw HostTracker.LookFailed(error);
    }

    // The kernel passes over addresses at which nothing is mapped, and whoever unmaps tracked memory by mistake would never learn it.
    private void CheckMapped()
    {
        Errno error = HostCalls.CheckMapped(_start, Memory.Length);
        if (error != Errno.None)
            throw HostTracker.LookFailed(error);
    }

    private Lock.Scope EnterAlive()
    {
        Lock.Scope scope = _gate.EnterScope();
        if (!_isDisposed)
            return scope;
        scope.Dispose();
        throw new ObjectDisposedException(nameof(HostDirtyLog));
    }

    private void CheckPage(ulong page)
    {
        if (page >= Pages)
            throw new ArgumentOutOfRangeException(nameof(page), page, $"There are pages 0 to {Pages - 1}.");
    }

    private nuint AddressOf(ulong page) => _start + ((nuint)page * (nuint)PageSize);

    private ulong PageAt(ulong address) => (address - _start) / (nuint)PageSize;
}
