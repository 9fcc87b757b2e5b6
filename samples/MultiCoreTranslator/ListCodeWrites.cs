namespace MultiCoreTranslator;

/// <summary>The pattern in use today: a list under one lock, a cursor for each core, a copy each way. Cores meet what they wrote themselves, too.</summary>
internal sealed class ListCodeWrites(List<ulong> list, int[] cursors, int core)
{
    public int Publish(ReadOnlySpan<ulong> addresses)
    {
        ulong[] written = addresses.ToArray();
        lock (list)
        {
            int taken = list.Count + written.Length > list.Capacity ? cursors.Min() : 0;
            list.RemoveRange(0, taken);
            for (int reader = 0; taken != 0 && reader < cursors.Length; reader++)
                cursors[reader] -= taken;
            list.AddRange(written);
        }
        return addresses.Length;
    }

    public long Invalidate(ulong[] translations)
    {
        ulong[] taken;
        lock (list)
            cursors[core] += (taken = list.GetRange(cursors[core], list.Count - cursors[core]).ToArray()).Length;
        foreach (ulong address in taken)
            translations[address >> 12] = 0;
        return taken.Length;
    }
}
