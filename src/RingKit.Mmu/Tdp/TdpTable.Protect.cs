using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.Mmu.Tdp;

/// <summary>What starts of logging and harvests take from leaves: W, or D.</summary>
internal sealed partial class TdpTable<TOrdering>
{
    /// <summary>Takes W from all leaves of a range from a level on. The caller flushes.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="end">The frame behind the last.</param>
    /// <param name="lowest">1 for all leaves, 2 for those of 2M and 1G.</param>
    /// <returns>How many leaves were writable.</returns>
    public ulong WriteProtect(ulong first, ulong end, int lowest) =>
        Clear(table: 0, TdpGeometry.RootLevel, first, end, lowest, TdpGeometry.LargestLeafLevel, clearsDirty: false);

    /// <summary>Takes D from all 4K leaves of a range, or W where W alone tells of stores. The caller flushes.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="end">The frame behind the last.</param>
    /// <returns>How many leaves were dirty.</returns>
    public ulong ClearDirty(ulong first, ulong end) => Clear(table: 0, TdpGeometry.RootLevel, first, end, lowest: 1, highest: 1, clearsDirty: true);

    /// <summary>The same for frames whose bits are set, and only where a 4K leaf maps them: a word of a dirty bitmap. The caller flushes.</summary>
    /// <param name="gfn">The frame of bit 0.</param>
    /// <param name="mask">The frames.</param>
    /// <param name="clearsDirty">D where it tells of stores; otherwise W of all.</param>
    /// <returns>How many leaves were changed.</returns>
    public ulong ClearMasked(ulong gfn, ulong mask, bool clearsDirty)
    {
        ulong changed = 0;
        while (mask != 0)
        {
            ulong at = gfn + (ulong)BitOperations.TrailingZeroCount(mask);
            ref ulong entry = ref Find(at, out int level, out Spte seen);

            // The bits of one table: what is left of it behind the frame, and of the word.
            ulong rest = TdpGeometry.IndexMask + 1 - TdpGeometry.IndexAt(at, level: 1);
            ulong inTable = mask & BitsBelow(at - gfn + rest);
            mask &= ~inTable;
            if (level != 1)
                continue;
            changed += ClearBit(ref entry, seen, clearsDirty) ? 1u : 0;
            for (inTable &= inTable - 1; inTable != 0; inTable &= inTable - 1)
            {
                ref ulong next = ref Unsafe.Add(
                    ref entry, BitOperations.TrailingZeroCount(inTable) - (int)(at - gfn));
                changed += ClearBit(ref next, Load(ref next), clearsDirty) ? 1u : 0;
            }
        }

        return changed;
    }

    private bool ClearsNestedDirty => (_defects & TdpDefects.ClearsNestedDirty) != TdpDefects.None;

    private static ulong BitsBelow(ulong count) => count >= 64 ? ulong.MaxValue : (1UL << (int)count) - 1;

    // A vCPU sets A, D and W of a leaf at any time, so its bits go one by one. Nothing hangs on the order: W that the fix-up gave back before a page's record is
    // there before the record is taken, and what a TLB still remembers goes with the flush (E6).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool ClearBit(ref ulong entry, Spte seen, bool clearsDirty)
    {
        if (!seen.IsLeafAt(level: 1))
            return false;
        ulong bit = clearsDirty && (!seen.NeedsWriteProtection || ClearsNestedDirty) ? Spte.DirtyBit : Spte.WriteBit;
        if ((seen.Raw & bit) == 0)
            return false;
        TOrdering.AndNotRelaxed(ref entry, bit);
        return true;
    }

    private ulong Clear(ulong table, int level, ulong first, ulong end, int lowest, int highest, bool clearsDirty)
    {
        ulong changed = 0;
        for (ulong gfn = first, next; gfn < end; gfn = next)
        {
            next = Math.Min(end, TdpGeometry.BaseOf(gfn, level) + TdpGeometry.PagesAt(level));
            ref ulong entry = ref Pool.EntryAt(table, TdpGeometry.IndexAt(gfn, level));
            Spte seen = Load(ref entry);
            if (seen.IsTableAt(level))
            {
                if (level > lowest)
                    changed += level == 2 ? ClearLeaves(seen.TableAddress, gfn, next, clearsDirty) : Clear(seen.TableAddress, level - 1, gfn, next, lowest, highest, clearsDirty);
                continue;
            }

            if (seen.IsLeafAt(level) && level <= highest && seen.IsWritable && !clearsDirty)
            {
                TOrdering.AndNotRelaxed(ref entry, Spte.WriteBit);
                changed++;
            }
        }

        return changed;
    }

    // Of a table whose entries are leaves.
    private ulong ClearLeaves(ulong table, ulong first, ulong end, bool clearsDirty)
    {
        ulong changed = 0, start = TdpGeometry.IndexAt(first, level: 1);
        for (ulong i = start; i < start + (end - first); i++)
        {
            ref ulong entry = ref Pool.EntryAt(table, i);
            changed += ClearBit(ref entry, Load(ref entry), clearsDirty) ? 1u : 0;
        }

        return changed;
    }
}
