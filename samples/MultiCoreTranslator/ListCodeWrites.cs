namespace MultiCoreTranslator;

/// <summary>The pattern in use today: a list and cursors by core under one lock, a copy each way. Cores meet what they wrote themselves, too.</summary>
internal sealed class ListCodeWrites(Dictionary<int, List<ulong>> lists, Dictionary<int, int> cursors, int core)
{
    public int Publish(ReadOnlySpan<ulong> addresses)
    {
        ulong[] written = addresses.ToArray();
        lock (lists)
        {
            int taken = lists[core].Count + written.Length > lists[core].Capacity ? cursors.Values.Min() : 0;
            for (int reader = 0; taken != 0 && reader < cursors.Count; reader++)
                cursors[reader] -= taken;
            lists[core].RemoveRange(0, taken);
            lists[core].AddRange(written);
        }
        return addresses.Length;
    }

    public long Invalidate(ulong[] translations)
    {
        ulong[] taken;
        lock (lists)
            cursors[core] += (taken = lists[core].GetRange(cursors[core], lists[core].Count - cursors[core]).ToArray()).Length;
        foreach (ulong address in taken)
            translations[address >> 12] = 0;
        return taken.Length;
    }
}
