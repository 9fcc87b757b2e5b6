namespace RingKit.Mmu.Tdp;

/// <summary>Taking mappings away.</summary>
internal sealed partial class TdpTable<TOrdering>
{
    /// <summary>Takes away all leaves that touch a range. Tables stay, as in KVM; the caller flushes.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="end">The frame behind the last.</param>
    /// <param name="isPrivate">Only private or only shared memory; null for both.</param>
    /// <param name="zappedFirst">The first frame of what was taken away, where there was anything.</param>
    /// <param name="zappedEnd">The frame behind its last.</param>
    /// <returns>How many leaves were taken away.</returns>
    public ulong Zap(ulong first, ulong end, bool? isPrivate, out ulong zappedFirst, out ulong zappedEnd)
    {
        zappedFirst = end;
        zappedEnd = first;
        return Zap(table: 0, TdpGeometry.RootLevel, first, end, isPrivate, ref zappedFirst, ref zappedEnd);
    }

    private ulong Zap(ulong table, int level, ulong first, ulong end, bool? isPrivate, ref ulong zappedFirst, ref ulong zappedEnd)
    {
        ulong zapped = 0;
        for (ulong gfn = first, next; gfn < end; gfn = next)
        {
            ulong start = TdpGeometry.BaseOf(gfn, level), pages = TdpGeometry.PagesAt(level);
            next = Math.Min(end, start + pages);
            ref ulong entry = ref Pool.EntryAt(table, TdpGeometry.IndexAt(gfn, level));
            Spte seen = Load(ref entry);
            if (seen.IsTableAt(level))
            {
                zapped += Zap(seen.TableAddress, level - 1, gfn, next, isPrivate, ref zappedFirst, ref zappedEnd);
                continue;
            }

            if (!seen.IsLeafAt(level) || (isPrivate is { } kind && kind != seen.IsPrivate))
                continue;

            // A vCPU may set a bit of it meanwhile, but takes no leaf away.
            while (!TryReplace(ref entry, seen, default))
                seen = Load(ref entry);
            Pool.Release(table, 1);
            zappedFirst = Math.Min(zappedFirst, start);
            zappedEnd = Math.Max(zappedEnd, start + pages);
            zapped++;
        }

        return zapped;
    }
}
