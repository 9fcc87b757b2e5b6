using RingKit.Mmu.PageTables;

namespace RingKit.Mmu.Stage2;

/// <summary>Mapping, and what it replaces.</summary>
internal sealed partial class Stage2Core<TOrdering>
{
    /// <summary>Maps a page or a block.</summary>
    /// <remarks>
    /// A larger block that is in the way is dissolved: an empty table takes its place, so the rest of it faults again. A table that is in the way of a block is
    /// collapsed, and freed, by a thread that is alone. Both break before they make. Source: kvm_pgtable_stage2_map.
    /// </remarks>
    /// <param name="thread">This thread.</param>
    /// <param name="ipa">A multiple of the level's size.</param>
    /// <param name="level">3, 2, or 1 where walks start at 0 or 1.</param>
    /// <param name="address">The output address, a multiple of the level's size below 2^48.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="cache">Where tables come from, or null: then none is added.</param>
    /// <param name="mayFreeTables">Whether this thread alone changes the table.</param>
    /// <param name="replaced">What was in the way.</param>
    /// <returns>
    /// <see cref="Errno.Busy"/> if a table is in the way and the thread is not alone; others may have put it there just now.
    /// <see cref="Errno.Again"/> if the same is mapped, but perhaps for permissions, which only <see cref="Relax"/> and <see cref="WriteProtect"/> change, or
    /// another thread is at work there; <see cref="Errno.NoMemory"/> if the cache is short of tables; <see cref="Errno.Invalid"/> and
    /// <see cref="Errno.Range"/> for arguments out of range, with nothing changed.
    /// </returns>
    public Errno Map<TThread>(
        ref TThread thread,
        ulong ipa,
        int level,
        ulong address,
        Stage2Attributes attributes,
        TableCache<TOrdering>? cache,
        bool mayFreeTables,
        out Stage2Replaced replaced)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        replaced = Stage2Replaced.Nothing;
        if (!Geometry.MapsAt(level) || (attributes.Bits & ~Stage2Attributes.Mask) != 0)
            return Errno.Invalid;
        if (((ipa | address) & (Stage2Geometry.SizeAt(level) - 1)) != 0 || (address & ~Stage2Descriptor.AddressMask) != 0)
            return Errno.Invalid;
        if (!Geometry.Holds(ipa))
            return Errno.Range;

        Stage2Descriptor leaf = Stage2Descriptor.Leaf(level, address, attributes);
        ulong table = 0;
        for (int at = Geometry.StartLevel; at < level; at++)
        {
            ulong index = Geometry.IndexAt(ipa, at);
            ref ulong entry = ref Pool.EntryAt(table, index);
            Stage2Descriptor seen = Load(ref entry);
            if (seen.IsTableAt(at))
            {
                table = seen.TableAddress;
                continue;
            }

            Errno error = AddTable(ref thread, ref entry, PageOf(table, index), seen, ipa, at, cache, out table);
            if (error != Errno.None)
                return error;
            if (seen.IsValid)
                replaced = Stage2Replaced.Block;
        }

        return SetLeaf(ref thread, table, leaf, ipa, level, mayFreeTables, ref replaced);
    }

    /// <summary>The same by a thread that alone changes the table.</summary>
    /// <inheritdoc cref="Map{TThread}(ref TThread, ulong, int, ulong, Stage2Attributes, TableCache{TOrdering}?, bool, out Stage2Replaced)"/>
    public Errno Map<TThread>(
        ref TThread thread, ulong ipa, int level, ulong address, Stage2Attributes attributes, TableCache<TOrdering>? cache)
        where TThread : struct, IStage2Thread, allows ref struct =>
        Map(ref thread, ipa, level, address, attributes, cache, mayFreeTables: true, out _);

    // An empty table in the place of nothing, a note, or a block.
    private Errno AddTable<TThread>(
        ref TThread thread, ref ulong entry, ulong page, Stage2Descriptor seen, ulong ipa, int level, TableCache<TOrdering>? cache, out ulong table)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        table = 0;
        if (seen.IsLocked)
            return Errno.Again;
        if (cache is null || !cache.TryTake(out table))
            return Errno.NoMemory;

        Pool.Open(table, references: 0);
        if (!TryBreakOrReplace(ref thread, ref entry, page, seen, Stage2Descriptor.Table(table), ipa, level))
        {
            Pool.Close(table);
            cache.PutBack(table);
            return Errno.Again;
        }

        thread.TableTaken(table);
        return Errno.None;
    }

    private Errno SetLeaf<TThread>(
        ref TThread thread, ulong table, Stage2Descriptor leaf, ulong ipa, int level, bool mayFreeTables, ref Stage2Replaced replaced)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        ulong index = Geometry.IndexAt(ipa, level);
        ref ulong entry = ref Pool.EntryAt(table, index);
        Stage2Descriptor seen = Load(ref entry);
        if (seen.IsLocked || (seen.IsLeafAt(level) && ((seen.Raw ^ leaf.Raw) & ~Stage2Attributes.PermissionMask) == 0))
            return Errno.Again;
        if (seen.IsTableAt(level) && !mayFreeTables)
            return Errno.Busy;
        if (!TryBreakOrReplace(ref thread, ref entry, PageOf(table, index), seen, leaf, ipa, level))
            return Errno.Again;
        if (seen.IsTableAt(level))
        {
            FreeTable(ref thread, seen.TableAddress, level + 1);
            replaced = Stage2Replaced.Table;
        }
        else if (seen.IsValid)
        {
            replaced = Stage2Replaced.Leaf;
        }

        return Errno.None;
    }

    // What is valid is broken first; what is not may be replaced at once, as no TLB holds it.
    private bool TryBreakOrReplace<TThread>(
        ref TThread thread, ref ulong entry, ulong page, Stage2Descriptor seen, Stage2Descriptor next, ulong ipa, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        if (seen.IsValid)
        {
            if (!TryBreak(ref thread, ref entry, seen, ipa, level))
                return false;
            Make(ref thread, ref entry, next, ipa, level);
            return true;
        }

        if (!TryReplace(ref thread, ref entry, seen, next, ipa, level))
            return false;
        if (!seen.IsCounted)
            Pool.Reference(page);
        return true;
    }

    // After the invalidation that covers it.
    private void FreeTable<TThread>(ref TThread thread, ulong table, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        for (ulong i = 0; level < Stage2Geometry.LastLevel && i < Stage2Geometry.EntriesPerTable; i++)
        {
            Stage2Descriptor entry = Look(ref Pool.EntryAt(table, i));
            if (entry.IsTableAt(level))
                FreeTable(ref thread, entry.TableAddress, level + 1);
        }

        Pool.Free(table);
        thread.TableFreed(table);
    }
}
