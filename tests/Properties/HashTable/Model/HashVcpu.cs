namespace RingKit.Properties.HashTable.Model;

/// <summary>What the processor of one thread of a <see cref="HashProgram"/> knows: a translation for each address.</summary>
internal sealed class HashVcpu
{
    private readonly Translation[] _translations = new Translation[HashProgram.Addresses];

    public ref Translation this[int address] => ref _translations[address];

    public void Begin() => Array.Clear(_translations);

    /// <summary>Drops all translations.</summary>
    /// <returns>Entries whose C was pending.</returns>
    public List<ulong> Drop() => Drop(_ => true);

    /// <summary>Drops the translations by an entry.</summary>
    /// <returns>The entry for each whose C was pending.</returns>
    public List<ulong> Drop(ulong index) => Drop(one => one.Index == index);

    private List<ulong> Drop(Predicate<Translation> goes)
    {
        var pending = new List<ulong>();
        foreach (ref Translation one in _translations.AsSpan())
        {
            if (!goes(one))
                continue;
            if (one.IsPending)
                pending.Add(one.Index);
            one = default;
        }

        return pending;
    }

    /// <summary>A translation by which stores go, C being set or pending.</summary>
    internal record struct Translation(bool IsWritable, ulong Index, int Page, bool IsPending);
}
