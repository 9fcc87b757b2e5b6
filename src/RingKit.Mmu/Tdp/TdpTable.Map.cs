using RingKit.Mmu.PageTables;

namespace RingKit.Mmu.Tdp;

/// <summary>Mapping, and what it meets on its way down.</summary>
internal sealed partial class TdpTable<TOrdering>
{
    /// <summary>Maps a frame, as the answer to a fault.</summary>
    /// <remarks>
    /// A larger leaf on the way is split: all 512 leaves take its place at once, so nothing is flushed. A table in the leaf's place is removed, which flushes.
    /// Linux: <c>kvm_tdp_mmu_map</c>.
    /// </remarks>
    /// <param name="thread">This thread.</param>
    /// <param name="access">The access.</param>
    /// <param name="level">The leaf's level, 1 to 3.</param>
    /// <param name="leaf">The leaf.</param>
    /// <param name="cache">Where tables come from.</param>
    /// <param name="splits">How many leaves were split.</param>
    public TdpMapResult Map<TThread>(ref TThread thread, in TdpAccess access, int level, Spte leaf, TableCache<TOrdering> cache, out int splits)
        where TThread : struct, ITdpThread, allows ref struct
    {
        splits = 0;
        ulong table = 0;
        for (int at = TdpGeometry.RootLevel; at > level; at--)
        {
            ref ulong entry = ref Pool.EntryAt(table, TdpGeometry.IndexAt(access.Gfn, at));
            Spte seen = Load(ref entry);
            if (seen.IsTableAt(at))
            {
                table = seen.TableAddress;
                continue;
            }

            if (seen.IsFrozen)
                return TdpMapResult.Lost;
            bool isLeaf = seen.IsLeafAt(at);
            if (isLeaf && seen.Grants(access))
                return TdpMapResult.Spurious;
            if (!cache.TryTake(out ulong fresh))
                return TdpMapResult.NoMemory;
            if (!(isLeaf ? TrySplit(ref entry, seen, at, fresh) : TryLink(ref entry, seen, table, fresh)))
            {
                cache.PutBack(fresh);
                return TdpMapResult.Lost;
            }

            splits += isLeaf ? 1 : 0;
            table = fresh;
        }

        return SetLeaf(ref thread, table, access, level, leaf);
    }

    private TdpMapResult SetLeaf<TThread>(ref TThread thread, ulong table, in TdpAccess access, int level, Spte leaf)
        where TThread : struct, ITdpThread, allows ref struct
    {
        ref ulong entry = ref Pool.EntryAt(table, TdpGeometry.IndexAt(access.Gfn, level));
        Spte seen = Load(ref entry);
        if (seen.IsFrozen)
            return TdpMapResult.Lost;
        if (seen.IsLeafAt(level) && seen.Grants(access))
            return TdpMapResult.Spurious;
        if (seen.IsTableAt(level))
            return ReplaceTable(ref thread, ref entry, seen, TdpGeometry.BaseOf(access.Gfn, level), level, leaf);
        if (!TryReplace(ref entry, seen, leaf))
            return TdpMapResult.Lost;
        if (!seen.IsPresent)
            Pool.Reference(table);
        return TdpMapResult.Mapped;
    }

    // Frozen first: nobody gets into the table any more, and after the flush nobody is in it (E6). Linux: tdp_mmu_zap_spte_atomic.
    private TdpMapResult ReplaceTable<TThread>(ref TThread thread, ref ulong entry, Spte seen, ulong first, int level, Spte leaf)
        where TThread : struct, ITdpThread, allows ref struct
    {
        var frozen = new Spte(Spte.FrozenValue);
        if (!TryReplace(ref entry, seen, frozen))
            return TdpMapResult.Lost;
        thread.Flush(first, first + TdpGeometry.PagesAt(level));
        ulong removed = 0;
        Unlink(seen.TableAddress, level - 1, ref removed);
        FreeRemoved(removed);
        TryReplace(ref entry, frozen, leaf);
        return TdpMapResult.Mapped;
    }

    private bool TryLink(ref ulong entry, Spte seen, ulong table, ulong fresh)
    {
        Pool.Open(fresh, references: 0);
        if (!TryReplace(ref entry, seen, TableEntry(fresh)))
        {
            Pool.Close(fresh);
            return false;
        }

        Pool.Reference(table);
        return true;
    }
}
