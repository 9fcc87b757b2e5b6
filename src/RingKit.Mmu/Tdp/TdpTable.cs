using System.Runtime.CompilerServices;
using RingKit.Mmu.PageTables;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp;

/// <summary>x86's second-level page table as KVM's TDP MMU keeps it.</summary>
/// <remarks>
/// Thread role: walks, accesses and the lockless fix-up by any vCPU; <see cref="Map"/> by any number of vCPUs that share the lock of the machine; all else by the
/// one thread that has that lock alone. vCPUs go on to walk and to set A, D and W meanwhile, so that every change of an entry is one atomic step.
/// <para>
/// A table that nothing names any more is freed after a flush: then no vCPU is in the middle of a walk that began before (E6).
/// </para>
/// </remarks>
internal sealed partial class TdpTable<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    private readonly SpteAccessDirty _accessDirty;
    private readonly TdpDefects _defects;
    private bool _disposed;

    /// <summary>An empty page table.</summary>
    /// <param name="maxTables">How many tables it may have beside the root.</param>
    /// <param name="hasAccessDirty">Whether the processor has A and D.</param>
    /// <param name="defects">Past bugs to bring back.</param>
    public TdpTable(int maxTables, bool hasAccessDirty = true, TdpDefects defects = TdpDefects.None)
    {
        Pool = new TablePool<TOrdering>(startPages: 1, maxTables);
        _accessDirty = hasAccessDirty ? SpteAccessDirty.Enabled : SpteAccessDirty.Disabled;
        _defects = defects;
    }

    /// <summary>The tables.</summary>
    public TablePool<TOrdering> Pool { get; }

    /// <summary>After <see cref="Dispose"/>: tables that were in use and that no entry named. Anything but 0 is a bug.</summary>
    public int LeakedTables { get; private set; }

    /// <summary>Walks to the leaf of a frame, or to what is in its place.</summary>
    /// <param name="gfn">A frame below <see cref="TdpGeometry.FrameEnd"/>.</param>
    /// <param name="level">The level of the entry.</param>
    public Spte Walk(ulong gfn, out int level)
    {
        Find(gfn, out level, out Spte spte);
        return spte;
    }

    /// <summary>Shows all entries that are not zero, by the first frame that each covers. For checkers: it is not fast.</summary>
    /// <param name="look">Gets the frame, the level, and the entry.</param>
    public void Visit(Action<ulong, int, Spte> look) => Visit(look, table: 0, TdpGeometry.RootLevel, gfn: 0);

    /// <summary>Frees all tables, without a flush, and counts those that are left.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        ulong removed = 0;
        for (ulong i = 0; i <= TdpGeometry.IndexMask; i++)
        {
            Spte entry = Load(ref Pool.EntryAt(0, i));
            if (entry.IsTableAt(TdpGeometry.RootLevel))
                Unlink(entry.TableAddress, TdpGeometry.RootLevel - 1, ref removed);
        }

        FreeRemoved(removed);
        LeakedTables = Pool.CountInUse();
        Pool.Dispose();
    }

    /// <summary>Frees tables that recovery unlinked. After a flush.</summary>
    public int FreeRemoved(ulong removed)
    {
        int count = 0;
        for (; removed != 0; count++)
            Pool.Free(Pool.Unchain(ref removed));

        return count;
    }

    // Goes down as long as there are tables, and gives the entry where that ends.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong Find(ulong gfn, out int level, out Spte seen)
    {
        ulong table = 0;
        level = TdpGeometry.RootLevel;
        for (int shift = (TdpGeometry.RootLevel - 1) * TdpGeometry.BitsPerLevel; ; shift -= TdpGeometry.BitsPerLevel)
        {
            ref ulong entry = ref Pool.EntryAt(table, (gfn >> shift) & TdpGeometry.IndexMask);
            seen = Load(ref entry);
            if (!seen.IsTableAt(level))
                return ref entry;
            table = seen.TableAddress;
            level--;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Spte Load(ref ulong entry) => new(TOrdering.LoadAcquire(ref entry));                           // E75

    // Puts a table that no entry names any more, and those below it, on a list.
    private void Unlink(ulong table, int level, ref ulong removed)
    {
        for (ulong i = 0; level > 1 && i <= TdpGeometry.IndexMask; i++)
        {
            Spte entry = Load(ref Pool.EntryAt(table, i));
            if (entry.IsTableAt(level))
                Unlink(entry.TableAddress, level - 1, ref removed);
        }

        Pool.Chain(table, ref removed);
    }

    // Publishes what the entry names.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReplace(ref ulong entry, Spte seen, Spte next) =>
        TOrdering.CompareExchangeRelease(ref entry, next.Raw, seen.Raw) == seen.Raw;                              // E75

    private Spte TableEntry(ulong table) => Spte.Table(table, _accessDirty);

    private void Visit(Action<ulong, int, Spte> look, ulong table, int level, ulong gfn)
    {
        for (ulong i = 0; i <= TdpGeometry.IndexMask; i++, gfn += TdpGeometry.PagesAt(level))
        {
            Spte entry = Load(ref Pool.EntryAt(table, i));
            if (entry.Raw == 0)
                continue;
            look(gfn, level, entry);
            if (entry.IsTableAt(level))
                Visit(look, entry.TableAddress, level - 1, gfn);
        }
    }
}
