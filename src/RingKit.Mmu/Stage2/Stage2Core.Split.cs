using System.Diagnostics;
using System.Runtime.CompilerServices;
using RingKit.Mmu.PageTables;

namespace RingKit.Mmu.Stage2;

/// <summary>From a block to a full table, and back.</summary>
internal sealed partial class Stage2Core<TOrdering>
{
    /// <summary>Tables for 1 GiB in pages: one at level 2 and 512 at level 3.</summary>
    public const int TablesPerGigabyte = 1 + Stage2Geometry.EntriesPerTable;

    /// <summary>Splits a block eagerly: a table of 512 leaves with its attributes takes its place, with one invalidation.</summary>
    /// <remarks>1 GiB is split into pages at once if the cache holds <see cref="TablesPerGigabyte"/>, else into blocks of 2 MiB. Source: KVM's eager page splitting.</remarks>
    /// <param name="thread">This thread.</param>
    /// <param name="ipa">An address in the block.</param>
    /// <param name="cache">Where tables come from.</param>
    /// <returns>
    /// None also for a page; <see cref="Errno.Again"/> if nothing is mapped or another thread was at work there; <see cref="Errno.NoMemory"/> if the
    /// cache is empty; <see cref="Errno.Range"/> beyond the IPA size.
    /// </returns>
    public Errno Split<TThread>(ref TThread thread, ulong ipa, TableCache<TOrdering> cache)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        int level = Geometry.StartLevel;
        if (!Geometry.Holds(ipa))
            return Errno.Range;
        ref ulong entry = ref Find(ipa, Stage2Geometry.LastLevel, ref level, out _, out Stage2Descriptor block);
        if (!block.IsLeafAt(level))
            return Errno.Again;
        if (level == Stage2Geometry.LastLevel)
            return Errno.None;
        if (cache.Count == 0)
            return Errno.NoMemory;

        int leafLevel = cache.Count >= TablesPerGigabyte ? Stage2Geometry.LastLevel : level + 1;
        ulong table = Fill(cache, block.OutputAddress(level), block.Attributes, level + 1, leafLevel);
        if (!TryBreak(ref thread, ref entry, block, ipa, level))
        {
            FreeChildren(table, level + 1);
            Pool.Free(table);
            return Errno.Again;
        }

        TellTaken(ref thread, table, level + 1);
        Make(ref thread, ref entry, Stage2Descriptor.Table(table), ipa, level);
        return Errno.None;
    }

    /// <summary>Splits all blocks of a range into pages, as far as the cache reaches.</summary>
    /// <param name="thread">This thread.</param>
    /// <param name="ipa">Where to begin; where to go on after <see cref="Errno.NoMemory"/>, which asks to top the cache up.</param>
    /// <param name="end">Where to end. Beyond the IPA size is <see cref="Errno.Range"/>.</param>
    /// <param name="cache">Where tables come from.</param>
    public Errno SplitRange<TThread>(ref TThread thread, ref ulong ipa, ulong end, TableCache<TOrdering> cache)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        if (end > Geometry.IpaSize)
            return Errno.Range;
        while (ipa < end)
        {
            Stage2Walk walk = Walk(ipa);
            if (walk.IsMapped && walk.Level < Stage2Geometry.LastLevel)
            {
                if (Split(ref thread, ipa, cache) == Errno.NoMemory)
                    return Errno.NoMemory;
                continue;
            }

            // A page stands in a table of pages, and blocks are not among them.
            int level = walk.IsMapped ? Stage2Geometry.LastLevel - 1 : walk.Level;
            ipa = BaseOf(ipa, level) + Stage2Geometry.SizeAt(level);
        }

        return Errno.None;
    }

    /// <summary>Turns a table back into a block if its 512 leaves are one: contiguous, aligned, with the same attributes but for AF.</summary>
    /// <param name="thread">This thread, which alone changes the table.</param>
    /// <param name="ipa">An address that the block would cover.</param>
    /// <param name="level">The block's level, 1 or 2.</param>
    /// <returns><see cref="Errno.Invalid"/> if they are not one, or if the level has no blocks; <see cref="Errno.Range"/> beyond the IPA size.</returns>
    public Errno Collapse<TThread>(ref TThread thread, ulong ipa, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        if (!Geometry.MapsAt(level) || level == Stage2Geometry.LastLevel)
            return Errno.Invalid;
        if (!Geometry.Holds(ipa))
            return Errno.Range;

        int at = Geometry.StartLevel;
        ref ulong entry = ref Find(ipa, level, ref at, out _, out Stage2Descriptor seen);
        if (at != level || !seen.IsTableAt(level) || !TryJoin(seen.TableAddress, level + 1, out Stage2Descriptor block))
            return Errno.Invalid;
        if (!TryBreak(ref thread, ref entry, seen, ipa, level))
            return Errno.Again;
        Make(ref thread, ref entry, block, ipa, level);
        FreeTable(ref thread, seen.TableAddress, level + 1);
        return Errno.None;
    }

    private bool TryJoin(ulong table, int level, out Stage2Descriptor block)
    {
        ref ulong entries = ref Pool.EntryAt(table, 0);
        Stage2Descriptor first = Look(ref entries);
        ulong address = first.OutputAddress(level);
        block = default;
        if (!first.IsLeafAt(level) || BaseOf(address, level - 1) != address)
            return false;
        if (!AreOneBlock(ref entries, first.Old.Raw, Stage2Geometry.SizeAt(level), out ulong accessed))
            return false;
        block = Stage2Descriptor.Leaf(level - 1, address, new Stage2Attributes(first.Old.Attributes.Bits | accessed));
        return true;
    }

    // The address alone tells the leaves of a block apart, so one comparison covers a leaf. Invariant: the entries are a table's.
    private static bool AreOneBlock(ref ulong entry, ulong expected, ulong size, out ulong accessed)
    {
        ulong seen = 0;
        accessed = 0;
        for (int i = 0; i < Stage2Geometry.EntriesPerTable; i++, expected += size, entry = ref Unsafe.Add(ref entry, 1))
        {
            Stage2Descriptor leaf = Look(ref entry);
            if (leaf.Old.Raw != expected)
                return false;
            seen |= leaf.Raw;
        }

        accessed = seen & Stage2Attributes.AccessBit;
        return true;
    }

    // A table of leaves that nobody sees yet; the cache has enough.
    private ulong Fill(TableCache<TOrdering> cache, ulong address, Stage2Attributes attributes, int level, int leafLevel)
    {
        bool taken = cache.TryTake(out ulong table);
        Debug.Assert(taken, "The cache was counted before.");
        ulong size = Stage2Geometry.SizeAt(level);
        if (level == leafLevel)
        {
            FillWithLeaves(ref Pool.EntryAt(table, 0), Stage2Descriptor.Leaf(level, address, attributes).Raw, size);
        }
        else
        {
            for (ulong i = 0; i < Stage2Geometry.EntriesPerTable; i++)
            {
                ulong below = Fill(cache, address + (i * size), attributes, level + 1, leafLevel);
                TOrdering.WritePlain(ref Pool.EntryAt(table, i), Stage2Descriptor.Table(below).Raw);
            }
        }

        Pool.Open(table, Stage2Geometry.EntriesPerTable);
        return table;
    }

    // Invariant: the entries are a table's.
    private static void FillWithLeaves(ref ulong entry, ulong leaf, ulong size)
    {
        for (int i = 0; i < Stage2Geometry.EntriesPerTable; i++, leaf += size, entry = ref Unsafe.Add(ref entry, 1))
            TOrdering.WritePlain(ref entry, leaf);
    }

    private void TellTaken<TThread>(ref TThread thread, ulong table, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        thread.TableTaken(table);
        for (ulong i = 0; level < Stage2Geometry.LastLevel && i < Stage2Geometry.EntriesPerTable; i++)
        {
            Stage2Descriptor entry = Look(ref Pool.EntryAt(table, i));
            if (entry.IsTableAt(level))
                TellTaken(ref thread, entry.TableAddress, level + 1);
        }
    }
}
