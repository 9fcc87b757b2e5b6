using System.Runtime.CompilerServices;

namespace RingKit.Mmu.Stage2;

/// <summary>Unmapping.</summary>
internal sealed partial class Stage2Core<TOrdering>
{
    /// <summary>Unmaps a range, notes included, with one invalidation at the end; then frees the tables that are empty.</summary>
    /// <remarks>A block that the range only touches goes as a whole: what is unmapped needlessly faults again.</remarks>
    /// <param name="thread">This thread, which alone changes the table.</param>
    /// <param name="ipa">A multiple of 4 KiB.</param>
    /// <param name="size">In bytes, a multiple of 4 KiB, not 0.</param>
    /// <returns><see cref="Errno.Invalid"/> and <see cref="Errno.Range"/> for arguments out of range, with nothing changed.</returns>
    public Errno Unmap<TThread>(ref TThread thread, ulong ipa, ulong size)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        Errno error = CheckRange(ipa, size);
        if (error != Errno.None)
            return error;

        var removed = new Removed(ulong.MaxValue, 0, 0);
        Unmap(ref thread, ref removed, table: 0, Geometry.StartLevel, ipa, ipa + size);
        if (removed.End != 0)
            thread.InvalidateRange(removed.First, removed.End - removed.First);
        while (removed.Tables != 0)
        {
            ulong table = Pool.Unchain(ref removed.Tables);
            Pool.Free(table);
            thread.TableFreed(table);
        }

        return Errno.None;
    }

    private void Unmap<TThread>(ref TThread thread, ref Removed removed, ulong table, int level, ulong ipa, ulong end)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        ulong size = Stage2Geometry.SizeAt(level);
        for (ulong next; ipa < end; ipa = next)
        {
            next = Math.Min(end, BaseOf(ipa, level) + size);
            ulong index = Geometry.IndexAt(ipa, level);
            ref ulong entry = ref Pool.EntryAt(table, index);
            Stage2Descriptor seen = Look(ref entry);
            if (!seen.IsCounted)
                continue;
            if (seen.IsTableAt(level))
            {
                if (level + 1 == Stage2Geometry.LastLevel)
                    UnmapPages(ref thread, ref removed, seen.TableAddress, ipa, next);
                else
                    Unmap(ref thread, ref removed, seen.TableAddress, level + 1, ipa, next);
                if (!Pool.IsEmpty(seen.TableAddress))
                    continue;
                Pool.Chain(seen.TableAddress, ref removed.Tables);
            }

            Take(ref thread, ref removed, ref entry, seen, ipa, level);
            Pool.Release(PageOf(table, index), 1);
        }
    }

    private void UnmapPages<TThread>(ref TThread thread, ref Removed removed, ulong table, ulong ipa, ulong end)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        ulong taken = 0;

        // Invariant: the pages are of one table.
        ref ulong entry = ref Pool.EntryAt(table, Geometry.IndexAt(ipa, Stage2Geometry.LastLevel));
        for (; ipa < end; ipa += Stage2Geometry.TableBytes, entry = ref Unsafe.Add(ref entry, 1))
        {
            Stage2Descriptor seen = Look(ref entry);
            if (!seen.IsCounted)
                continue;
            Take(ref thread, ref removed, ref entry, seen, ipa, Stage2Geometry.LastLevel);
            taken++;
        }

        Pool.Release(table, taken);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TThread>(ref TThread thread, ref Removed removed, ref ulong entry, Stage2Descriptor seen, ulong ipa, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        TOrdering.StoreRelaxed(ref entry, 0);
        thread.Changed(BaseOf(ipa, level), level, seen, default);
        if (seen.IsValid)
            removed.Cover(BaseOf(ipa, level), Stage2Geometry.SizeAt(level));
    }

    // What to invalidate, and the tables to free after it.
    private struct Removed(ulong first, ulong end, ulong tables)
    {
        public ulong First = first;
        public ulong End = end;
        public ulong Tables = tables;

        public void Cover(ulong ipa, ulong size)
        {
            First = Math.Min(First, ipa);
            End = Math.Max(End, ipa + size);
        }
    }
}
