using System.Diagnostics;
using RingKit.Mmu.PageTables;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>Sets entries as the patches of 2014 do, without the defects that were found in them; those are behind <see cref="Stage2Defects"/>.</summary>
/// <remarks>
/// There are no blocks of 1 GiB in it, and a TLB invalidation by address has no level. Thread role: a thread that has the page table's lock alone; walks go on.
/// Source: stage2_set_pte, stage2_set_pmd_huge and stage2_dissolve_pmd.
/// </remarks>
internal sealed class PostedTable<TOrdering>(Stage2Core<TOrdering> table, Stage2Defects defects)
    where TOrdering : struct, IOrdering
{
    private const int NoHint = 0, PageLevel = Stage2Geometry.LastLevel, BlockLevel = PageLevel - 1;

    /// <summary>Maps a page.</summary>
    /// <param name="thread">This thread.</param>
    /// <param name="ipa">The page's address.</param>
    /// <param name="address">The physical one.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="cache">Where tables come from; null if none may be added: then a page without a table stays unmapped.</param>
    /// <param name="flags">What it is for.</param>
    /// <param name="replaced">What was in the way.</param>
    /// <returns><see cref="Errno.BadAddress"/> for a device where something is mapped; <see cref="Errno.NoMemory"/> if the cache is short.</returns>
    public Errno SetPage<TThread>(
        ref TThread thread,
        ulong ipa,
        ulong address,
        Stage2Attributes attributes,
        TableCache<TOrdering>? cache,
        Stage2PteFlags flags,
        out Stage2Replaced replaced)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        replaced = Stage2Replaced.Nothing;
        Errno error = FindTable(ref thread, ipa, BlockLevel, cache, out ulong parent);
        if (error != Errno.None)
            return cache is null ? Errno.None : error;

        ref ulong block = ref EntryAt(parent, ipa, BlockLevel, out ulong parentPage);
        Stage2Descriptor seen = Load(ref block);
        if (seen.IsLeafAt(BlockLevel))
        {
            if ((flags & Stage2PteFlags.LoggingActive) == Stage2PteFlags.None)
                throw new UnreachableException("A page is set in a block that nobody logs: the host has unmapped it before.");
            Dissolve(ref thread, ref block, parentPage, seen, ipa);
            replaced = Stage2Replaced.Block;
        }

        error = FindTable(ref thread, ipa, PageLevel, cache, out ulong pages);
        if (error != Errno.None)
            return cache is null ? Errno.None : error;

        ref ulong entry = ref EntryAt(pages, ipa, PageLevel, out _);
        Stage2Descriptor old = Load(ref entry), leaf = Stage2Descriptor.Leaf(PageLevel, address, attributes);
        if (!old.IsValid)
        {
            Set(ref thread, ref entry, leaf, ipa, PageLevel);
            table.Pool.Reference(pages);
            return Errno.None;
        }

        if ((flags & Stage2PteFlags.IsIomap) != Stage2PteFlags.None)
            return Errno.BadAddress;
        if (replaced == Stage2Replaced.Nothing)
            replaced = Stage2Replaced.Leaf;
        if (Has(Stage2Defects.CountsUpdates))
            table.Pool.Reference(pages);
        Update(ref thread, ref entry, leaf, ipa, PageLevel);
        return Errno.None;
    }

    /// <summary>Maps a block. A table that is in the way is unmapped, with all that is in it.</summary>
    /// <param name="thread">This thread.</param>
    /// <param name="ipa">The block's address.</param>
    /// <param name="address">The physical one.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="cache">Where tables come from.</param>
    /// <param name="replaced">What was in the way.</param>
    /// <returns><see cref="Errno.NoMemory"/> if the cache is short.</returns>
    public Errno SetBlock<TThread>(
        ref TThread thread, ulong ipa, ulong address, Stage2Attributes attributes, TableCache<TOrdering> cache, out Stage2Replaced replaced)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        replaced = Stage2Replaced.Nothing;
        Stage2Descriptor leaf = Stage2Descriptor.Leaf(BlockLevel, address, attributes);
        while (true)
        {
            Errno error = FindTable(ref thread, ipa, BlockLevel, cache, out ulong parent);
            if (error != Errno.None)
                return error;

            ref ulong entry = ref EntryAt(parent, ipa, BlockLevel, out ulong page);
            Stage2Descriptor old = Load(ref entry);
            if (old.IsTableAt(BlockLevel))
            {
                replaced = Stage2Replaced.Table;
                if (!Has(Stage2Defects.LeaksReplacedTable | Stage2Defects.CollapsesByAddress))
                {
                    table.Unmap(ref thread, ipa, Stage2Geometry.SizeAt(BlockLevel));
                    continue;
                }
            }

            if (!old.IsValid)
            {
                Set(ref thread, ref entry, leaf, ipa, BlockLevel);
                table.Pool.Reference(page);
                return Errno.None;
            }

            if (replaced == Stage2Replaced.Nothing)
                replaced = Stage2Replaced.Leaf;
            Update(ref thread, ref entry, leaf, ipa, BlockLevel);
            if (old.IsTableAt(BlockLevel) && Has(Stage2Defects.CollapsesByAddress))
            {
                table.Pool.Free(old.TableAddress);
                thread.TableFreed(old.TableAddress);
            }

            return Errno.None;
        }
    }

    private bool Has(Stage2Defects any) => (defects & any) != Stage2Defects.None;

    // Break, invalidate; the empty table comes after.
    private void Dissolve<TThread>(ref TThread thread, ref ulong block, ulong page, Stage2Descriptor seen, ulong ipa)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        Set(ref thread, ref block, default, ipa, BlockLevel);
        thread.InvalidateIpa(Has(Stage2Defects.FlushesOutputAddress) ? seen.OutputAddress(BlockLevel) : BaseOf(ipa, BlockLevel), NoHint);
        table.Pool.Release(page, 1);
    }

    // Something valid gives way to something valid.
    private void Update<TThread>(ref TThread thread, ref ulong entry, Stage2Descriptor leaf, ulong ipa, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        if (!Has(Stage2Defects.UpdatesLive))
        {
            Set(ref thread, ref entry, default, ipa, level);
            thread.InvalidateIpa(BaseOf(ipa, level), NoHint);
        }

        Set(ref thread, ref entry, leaf, ipa, level);
        if (Has(Stage2Defects.UpdatesLive))
            thread.InvalidateIpa(BaseOf(ipa, level), NoHint);
    }

    // The table that holds an address's entry of a level, added where there is none, like those above it.
    private Errno FindTable<TThread>(ref TThread thread, ulong ipa, int level, TableCache<TOrdering>? cache, out ulong found)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        found = 0;
        for (int at = table.Geometry.StartLevel; at < level; at++)
        {
            ref ulong entry = ref EntryAt(found, ipa, at, out ulong page);
            Stage2Descriptor seen = Load(ref entry);
            if (!seen.IsValid)
            {
                if (cache is null || !cache.TryTake(out ulong added))
                    return Errno.NoMemory;
                table.Pool.Open(added, references: 0);
                seen = Stage2Descriptor.Table(added);
                Set(ref thread, ref entry, seen, ipa, at);
                table.Pool.Reference(page);
                thread.TableTaken(added);
            }

            found = seen.TableAddress;
        }

        return Errno.None;
    }

    private ref ulong EntryAt(ulong parent, ulong ipa, int level, out ulong page)
    {
        ulong index = table.Geometry.IndexAt(ipa, level);
        page = parent + (index / Stage2Geometry.EntriesPerTable * Stage2Geometry.TableBytes);
        return ref table.Pool.EntryAt(parent, index);
    }

    private static Stage2Descriptor Load(ref ulong entry) => new(TOrdering.LoadRelaxed(ref entry));

    // Alone with the table but for walks, so stores do.
    private static void Set<TThread>(ref TThread thread, ref ulong entry, Stage2Descriptor next, ulong ipa, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        Stage2Descriptor before = Load(ref entry);
        TOrdering.StoreRelease(ref entry, next.Raw);                                                            // E63
        thread.Changed(BaseOf(ipa, level), level, before, next);
    }

    private static ulong BaseOf(ulong ipa, int level) => ipa & ~(Stage2Geometry.SizeAt(level) - 1);
}
