namespace RingKit.Properties.HashTable.Model;

/// <summary>What the processor of one thread of a <see cref="HashProgram"/> knows: a translation for each address.</summary>
internal sealed class HashVcpu
{
    private readonly Translation[] _translations = new Translation[HashProgram.Addresses];

    /// <summary>Whether the program has ended: whoever invalidates drops the translations in its place.</summary>
    public bool HasEnded { get; set; }

    public ref Translation this[int address] => ref _translations[address];

    public void Begin()
    {
        Array.Clear(_translations);
        HasEnded = false;
    }

    /// <summary>Drops all translations.</summary>
    /// <returns>Entries whose C was pending.</returns>
    public List<ulong> Drop()
    {
        List<ulong> pending = [.. _translations.Where(one => one.IsPending).Select(one => one.Index)];
        Array.Clear(_translations);
        return pending;
    }

    /// <summary>A translation by which stores go, C being set or pending.</summary>
    internal record struct Translation(bool IsWritable, ulong Index, int Page, bool IsPending);
}
