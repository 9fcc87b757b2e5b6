using RingKit.Mmu.Guest;
using RingKit.Mmu.PageTables;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>Eager page splitting: blocks become tables of read-only pages before the guest stores to them. One thread at a time.</summary>
internal sealed partial class Stage2HvCore<TOrdering>
{
    private const ulong Block2M = 1UL << 21, Block1G = 1UL << 30;

    private TableCache<TOrdering>? _splitCache;
    private ulong _splitChunk;

    /// <summary>How much is split while the lock is held; 0 for no eager splitting. KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE.</summary>
    public ulong EagerSplitChunk => _splitChunk;

    /// <summary>Tables that splitting has ready: some while a log is on, none when all are off.</summary>
    public int SplitTablesReady => _splitCache?.Count ?? 0;

    /// <summary>So many tables a chunk may need: one for each block of 1 GiB and of 2 MiB in it, begun ones included.</summary>
    /// <param name="chunk">In bytes.</param>
    public static int SplitTables(ulong chunk) => (int)(((chunk + Block1G - 1) / Block1G) + ((chunk + Block2M - 1) / Block2M));

    /// <summary>Chooses the chunk, while the machine has no slots.</summary>
    /// <param name="chunk">0, 4 KiB, 2 MiB or 1 GiB.</param>
    /// <returns><see cref="Errno.Invalid"/> for another one, or if there are slots.</returns>
    public Errno SetEagerSplitChunk(ulong chunk)
    {
        if (Slots.Length != 0 || !Stage2Options.IsSplitChunk(chunk))
            return Errno.Invalid;
        _splitChunk = chunk;
        return Errno.None;
    }

    /// <summary>Splits the blocks that map these pages, as far as there are tables: what is left is split when it is written.</summary>
    /// <remarks>
    /// The caller has the lock alone; it is given back to get tables. The pages are protected before: a split passes the permission on, and a page that is writable
    /// then, and not in the log, would be written unseen.
    /// </remarks>
    /// <param name="thread">The calling thread.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="firstPage">Counted from the slot's first.</param>
    /// <param name="count">How many.</param>
    public void SplitAhead<TThread>(ref TThread thread, Stage2Slot slot, ulong firstPage, ulong count)
        where TThread : struct, IStage2HostThread
    {
        if (_splitChunk == 0)
            return;
        int least = SplitTables(_splitChunk);
        _splitCache ??= new TableCache<TOrdering>(Table.Pool, least);
        ulong ipa = slot.BaseIpa + (firstPage << GuestPage.Shift), end = ipa + (count << GuestPage.Shift);
        var counting = new LogCountingThread<TThread>(ref thread, ref _logCounts, ipa, ulong.MaxValue);
        while (ipa < end)
        {
            if (_splitCache.Count < least && !Refill(ref thread, least))
                return;
            Errno error = Table.SplitRange(ref counting, ref ipa, Math.Min(end, (ipa & ~(_splitChunk - 1)) + _splitChunk), _splitCache);
            if (error is not (Errno.None or Errno.NoMemory))
                return;
        }
    }

    /// <summary>Gives the tables back that splitting has ready.</summary>
    public void EndSplitting()
    {
        _splitCache?.Dispose();
        _splitCache = null;
    }

    private bool Refill<TThread>(ref TThread thread, int least)
        where TThread : struct, IStage2HostThread
    {
        _logCounts.Refills++;
        Lock.Exit();
        Errno error = _splitCache!.TopUp(least);
        Lock.Enter(ref thread);
        if (error == Errno.None)
            return true;

        // What there is belongs to faults, which cannot do without.
        EndSplitting();
        return false;
    }
}
