namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>From a virtual address to its entry: as the processor searches, and as the hypervisor does.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>The entry that the processor translates by: the first valid match. No lock is taken, so it may be gone when this returns.</summary>
    internal bool TryTranslate(VirtualAddress address, out ulong index, out Hpte entry)
    {
        HptCore<TOrdering> table = Table;
        var search = new HptSearch(address, table.Geometry);
        foreach (bool secondary in (ReadOnlySpan<bool>)[false, true])
        {
            ulong first = search.FirstIndex(secondary);
            for (index = first; index < first + HptGeometry.EntriesPerGroup; index++)
            {
                entry = table.Load(index);
                if (search.Matches(entry, secondary, HpteV.Valid))
                    return true;
            }
        }

        index = 0;
        entry = default;
        return false;
    }

    /// <summary>Finds the first entry for an address that is in one of the given states, and locks it. Others' locks are waited for.</summary>
    /// <param name="thread">The thread that this runs on.</param>
    /// <param name="address">What to look for.</param>
    /// <param name="states"><see cref="HpteV.Valid"/>, <see cref="HpteV.Absent"/>, or both.</param>
    /// <param name="index">Where it is.</param>
    /// <param name="entry">The entry, V without HvLock.</param>
    /// <returns>Whether there is one. If so the caller unlocks it.</returns>
    internal bool TryFindAndLock<TThread>(ref TThread thread, VirtualAddress address, ulong states, out ulong index, out Hpte entry)
        where TThread : struct, IHostThread, allows ref struct
    {
        HptCore<TOrdering> table = Table;
        var search = new HptSearch(address, table.Geometry);
        foreach (bool secondary in (ReadOnlySpan<bool>)[false, true])
        {
            ulong first = search.FirstIndex(secondary);
            for (index = first; index < first + HptGeometry.EntriesPerGroup; index++)
            {
                // A first look without the lock; V and R may be of different entries, so R waits.
                if (!search.Matches(table.Load(index).V, secondary, states))
                    continue;
                entry = table.Lock(index, ref thread);
                if (search.Matches(entry, secondary, states))
                    return true;
                table.Unlock(index, entry.V);
            }
        }

        index = 0;
        entry = default;
        return false;
    }
}
