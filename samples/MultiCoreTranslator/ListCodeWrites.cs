namespace MultiCoreTranslator;

/// <summary>The pattern in use today: a list under one lock, a cursor for each reader. Readers meet what they wrote themselves, too.</summary>
internal sealed class ListCodeWrites(int cores)
{
    private readonly List<ulong> _addresses = new(1 << 16);
    private readonly int[] _cursors = new int[cores];

    public int Publish(ReadOnlySpan<ulong> addresses)
    {
        lock (_addresses)
        {
            int taken = _addresses.Count + addresses.Length > _addresses.Capacity ? _cursors.Min() : 0;
            _addresses.RemoveRange(0, taken);
            for (int reader = 0; taken != 0 && reader < cores; reader++)
                _cursors[reader] -= taken;
            _addresses.AddRange(addresses);
            return addresses.Length;
        }
    }

    public int Invalidate(int core, ulong[] translations)
    {
        ulong[] taken;
        lock (_addresses)
            _cursors[core] += (taken = _addresses.GetRange(_cursors[core], _addresses.Count - _cursors[core]).ToArray()).Length;
        foreach (ulong address in taken)
            translations[address >> 12] = 0;
        return taken.Length;
    }
}
