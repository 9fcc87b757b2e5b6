using System.Runtime.CompilerServices;
using RingKit.Mmu.PageTables;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2;

/// <summary>A stage-2 page table as KVM on arm64 keeps it.</summary>
/// <remarks>
/// Thread role: walks by any thread. <c>Map</c> where no table is replaced, <c>SetYoung</c>, <c>Relax</c> and <c>Split</c> by any number of threads that keep
/// out what frees tables, as KVM's faults do under the read lock: each change is a compare-exchange, and an entry between break and make is locked.
/// <c>Unmap</c>, <c>WriteProtect</c>, <c>ClearYoung</c>, <c>Collapse</c>, and <c>Map</c> over a table, by one thread alone, to which a lock has brought what the
/// others did (E66).
/// <para>
/// A table is freed after an invalidation that covers it: then no vCPU has an entry from it and none is in the middle of a walk (E6).
/// </para>
/// <para>
/// Who is alone changes entries by stores, which cost a tenth of a compare-exchange. Hardware that sets AF (VTCR_EL2.HA) does so by a compare-exchange of
/// its own, so no store of this thread's is undone; an AF set within that moment is lost, as aging without an invalidation loses it. Hardware that sets the
/// write permission (VTCR_EL2.HD with DBM), which KVM never has in use, would need compare-exchanges here.
/// </para>
/// </remarks>
internal sealed partial class Stage2Core<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    private static readonly Stage2Descriptor Locked = new(Stage2Descriptor.LockedNote);

    private bool _disposed;

    /// <summary>An empty page table.</summary>
    /// <param name="geometry">Its shape.</param>
    /// <param name="maxTables">How many tables it may have beside the start table.</param>
    public Stage2Core(Stage2Geometry geometry, int maxTables)
    {
        if (geometry.IpaBits == 0)
            throw new ArgumentException("The geometry has no size; make it with an IPA size.", nameof(geometry));
        Geometry = geometry;
        Pool = new TablePool<TOrdering>(geometry.StartPages, maxTables);
    }

    /// <summary>The shape.</summary>
    public Stage2Geometry Geometry { get; }

    /// <summary>The tables.</summary>
    public TablePool<TOrdering> Pool { get; }

    /// <summary>After <see cref="Dispose"/>: tables that were in use and that no entry named. Anything but 0 is a bug.</summary>
    public int LeakedTables { get; private set; }

    /// <summary>Walks as the hardware does.</summary>
    /// <param name="ipa">Any value.</param>
    public Stage2Walk Walk(ulong ipa)
    {
        int level = Geometry.StartLevel;
        if (!Geometry.Holds(ipa))
            return new Stage2Walk(Errno.Range, level, default);

        ref ulong entry = ref Find(ipa, Stage2Geometry.LastLevel, ref level, out _, out Stage2Descriptor descriptor);
        return new Stage2Walk(Errno.None, level, descriptor);
    }

    /// <summary>Shows all entries that are not zero, by address and from the start level down. For checkers: it is not fast.</summary>
    /// <param name="look">Gets the first address that an entry covers, its level, and the entry.</param>
    public void Visit(Action<ulong, int, Stage2Descriptor> look) => Visit(look, table: 0, Geometry.StartLevel, ipa: 0, (ulong)Geometry.StartEntries);

    /// <summary>Frees all tables, without maintenance of TLBs, and counts those that are left.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        for (ulong page = 0; page < (ulong)Geometry.StartPages; page++)
            FreeChildren(page * Stage2Geometry.TableBytes, Geometry.StartLevel);
        LeakedTables = Pool.CountInUse();
        Pool.Dispose();
    }

    // Goes down as long as there are tables, to a level at most, and gives the entry where it stops.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong Find(ulong ipa, int lastLevel, ref int level, out ulong page, out Stage2Descriptor seen)
    {
        ulong table = 0;
        int shift = Stage2Geometry.ShiftAt(level);
        ulong index = ipa >> shift;
        while (true)
        {
            ref ulong entry = ref Pool.EntryAt(table, index);
            seen = Load(ref entry);
            if (level == lastLevel || !seen.IsTableAt(level))
            {
                page = PageOf(table, index);
                return ref entry;
            }

            table = seen.TableAddress;
            level++;
            shift -= 9;
            index = (ipa >> shift) & (Stage2Geometry.EntriesPerTable - 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Stage2Descriptor Load(ref ulong entry) => new(TOrdering.LoadAcquire(ref entry));              // E63

    // For who is alone, or has a table that nobody else sees.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Stage2Descriptor Look(ref ulong entry) => new(TOrdering.LoadRelaxed(ref entry));

    // The page of the start table that holds an entry, or the table itself: what the entry's reference is on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong PageOf(ulong table, ulong index) => table + (index / Stage2Geometry.EntriesPerTable * Stage2Geometry.TableBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong BaseOf(ulong ipa, int level) => ipa & ~(Stage2Geometry.SizeAt(level) - 1);

    // Replaces an entry that is still what was seen. What it was has been acquired by Load, and no entry comes back to a value while others share the table.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReplace<TThread>(
        ref TThread thread, ref ulong entry, Stage2Descriptor seen, Stage2Descriptor next, ulong ipa, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        if (TOrdering.CompareExchangeRelease(ref entry, next.Raw, seen.Raw) != seen.Raw)                      // E63
            return false;
        thread.Changed(BaseOf(ipa, level), level, seen, next);
        return true;
    }

    // Break: from here to Make the entry is this thread's, and the hardware has nothing of it when this returns.
    private static bool TryBreak<TThread>(ref TThread thread, ref ulong entry, Stage2Descriptor seen, ulong ipa, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        if (!TryReplace(ref thread, ref entry, seen, Locked, ipa, level))
            return false;
        if (seen.IsTableAt(level))
            thread.InvalidateRange(BaseOf(ipa, level), Stage2Geometry.SizeAt(level));
        else if (seen.IsValid)
            thread.InvalidateIpa(BaseOf(ipa, level), level);
        return true;
    }

    private static void Make<TThread>(ref TThread thread, ref ulong entry, Stage2Descriptor next, ulong ipa, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        TOrdering.StoreRelease(ref entry, next.Raw);                                                          // E63
        thread.Changed(BaseOf(ipa, level), level, Locked, next);
    }

    private Errno CheckRange(ulong ipa, ulong size)
    {
        if (size == 0 || ((ipa | size) & (Stage2Geometry.TableBytes - 1)) != 0)
            return Errno.Invalid;
        return ipa < Geometry.IpaSize && size <= Geometry.IpaSize - ipa ? Errno.None : Errno.Range;
    }

    private void Visit(Action<ulong, int, Stage2Descriptor> look, ulong table, int level, ulong ipa, ulong entries)
    {
        for (ulong i = 0; i < entries; i++, ipa += Stage2Geometry.SizeAt(level))
        {
            Stage2Descriptor entry = Load(ref Pool.EntryAt(table, i));
            if (!entry.IsCounted)
                continue;
            look(ipa, level, entry);
            if (entry.IsTableAt(level))
                Visit(look, entry.TableAddress, level + 1, ipa, Stage2Geometry.EntriesPerTable);
        }
    }

    private void FreeChildren(ulong table, int level)
    {
        for (ulong i = 0; i < Stage2Geometry.EntriesPerTable; i++)
        {
            Stage2Descriptor entry = Look(ref Pool.EntryAt(table, i));
            if (!entry.IsTableAt(level))
                continue;
            FreeChildren(entry.TableAddress, level + 1);
            Pool.Free(entry.TableAddress);
        }
    }
}
