using RingKit.Mmu.PageTables;

namespace RingKit.Mmu.Tdp;

/// <summary>From a large leaf to a full table, and back.</summary>
internal sealed partial class TdpTable<TOrdering>
{
    /// <summary>Splits all leaves of a range that are above a level. Nothing needs to be flushed: the 512 leaves are what the large one was.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="end">The frame behind the last.</param>
    /// <param name="target">The level to split to, 1 or 2.</param>
    /// <param name="cache">Where tables come from; filled as needed.</param>
    /// <param name="splits">How many leaves were split.</param>
    /// <returns><see cref="Errno.NoMemory"/> if the pool ran dry; what is split stays so.</returns>
    public Errno SplitRange(ulong first, ulong end, int target, TableCache<TOrdering> cache, out ulong splits) =>
        SplitRange(table: 0, TdpGeometry.RootLevel, first, end, target, cache, out splits);

    /// <summary>
    /// Makes mappings of a range large again where a policy allows: the first leaf below gives frame and permissions, and the table is unlinked.
    /// </summary>
    /// <remarks>The caller flushes once, then gives what was unlinked to <see cref="FreeRemoved"/>. Linux: <c>recover_huge_pages_range</c>, 6.13.</remarks>
    /// <param name="policy">How large they may be.</param>
    /// <param name="first">The first frame.</param>
    /// <param name="end">The frame behind the last.</param>
    /// <param name="inPlace">Whether a large leaf is made; otherwise there is none, for the next fault to make, as before 6.13.</param>
    /// <param name="removed">A list of tables that grows.</param>
    /// <returns>How many tables were replaced, by the level of the entry that named them.</returns>
    public TdpRecovered Recover<TPolicy>(ref TPolicy policy, ulong first, ulong end, bool inPlace, ref ulong removed)
        where TPolicy : struct, ITdpRecoveryPolicy, allows ref struct
    {
        var recovered = default(TdpRecovered);
        Recover(ref policy, table: 0, TdpGeometry.RootLevel, first, end, inPlace, ref removed, ref recovered);
        return recovered;
    }

    private void Recover<TPolicy>(
        ref TPolicy policy, ulong table, int level, ulong first, ulong end, bool inPlace, ref ulong removed, ref TdpRecovered recovered)
        where TPolicy : struct, ITdpRecoveryPolicy, allows ref struct
    {
        ulong pages = TdpGeometry.PagesAt(level);
        for (ulong gfn = first, next; gfn < end; gfn = next)
        {
            next = Math.Min(end, TdpGeometry.BaseOf(gfn, level) + pages);
            ref ulong entry = ref Pool.EntryAt(table, TdpGeometry.IndexAt(gfn, level));
            Spte seen = Load(ref entry);
            if (!seen.IsTableAt(level))
                continue;
            if (next - gfn == pages && level <= TdpGeometry.LargestLeafLevel && policy.LevelAt(gfn) >= level
                && TryFirstLeaf(seen.TableAddress, level - 1, out Spte leaf))
            {
                // It cannot fail: only the holder of the lock changes an entry that names a table. What a vCPU still does to the leaves below, which it walked to
                // before, ends with the flush: a W that it gives back, or a D that it sets, while nothing logs.
                TryReplace(ref entry, seen, inPlace ? leaf.Enlarged(level) : default);
                if (!inPlace)
                    Pool.Release(table, 1);
                Unlink(seen.TableAddress, level - 1, ref removed);
                recovered = level == 2 ? recovered with { Of2M = recovered.Of2M + 1 } : recovered with { Of1G = recovered.Of1G + 1 };
                continue;
            }

            if (level > 2)
                Recover(ref policy, seen.TableAddress, level - 1, gfn, next, inPlace, ref removed, ref recovered);
        }
    }

    private bool TryFirstLeaf(ulong table, int level, out Spte leaf)
    {
        for (ulong i = 0; i <= TdpGeometry.IndexMask; i++)
        {
            leaf = Load(ref Pool.EntryAt(table, i));
            if (leaf.IsLeafAt(level) || (leaf.IsTableAt(level) && TryFirstLeaf(leaf.TableAddress, level - 1, out leaf)))
                return true;
        }

        leaf = default;
        return false;
    }

    private Errno SplitRange(ulong table, int level, ulong first, ulong end, int target, TableCache<TOrdering> cache, out ulong splits)
    {
        splits = 0;
        for (ulong gfn = first, next; gfn < end; gfn = next)
        {
            next = Math.Min(end, TdpGeometry.BaseOf(gfn, level) + TdpGeometry.PagesAt(level));
            ref ulong entry = ref Pool.EntryAt(table, TdpGeometry.IndexAt(gfn, level));
            Spte seen = Load(ref entry);
            while (seen.IsLeafAt(level))
            {
                if (cache.TopUp(least: 1) != Errno.None || !cache.TryTake(out ulong fresh))
                    return Errno.NoMemory;
                if (TrySplit(ref entry, seen, level, fresh))
                    splits++;
                else
                    cache.PutBack(fresh);

                // Not split if a vCPU has set D or W just now.
                seen = Load(ref entry);
            }

            if (level == target + 1 || !seen.IsTableAt(level))
                continue;
            Errno error = SplitRange(seen.TableAddress, level - 1, gfn, next, target, cache, out ulong below);
            splits += below;
            if (error != Errno.None)
                return error;
        }

        return Errno.None;
    }

    // The table's entries are nobody else's until the compare-exchange publishes them.
    private bool TrySplit(ref ulong entry, Spte seen, int level, ulong fresh)
    {
        for (ulong i = 0; i <= TdpGeometry.IndexMask; i++)
            TOrdering.WritePlain(ref Pool.EntryAt(fresh, i), seen.ChildOf(level, i).Raw);
        Pool.Open(fresh, references: TdpGeometry.IndexMask + 1);
        if (TryReplace(ref entry, seen, TableEntry(fresh)))
            return true;

        for (ulong i = 0; i <= TdpGeometry.IndexMask; i++)
            TOrdering.WritePlain(ref Pool.EntryAt(fresh, i), 0UL);
        Pool.Close(fresh);
        return false;
    }
}
