namespace RingKit.Mmu.Stage2;

/// <summary>A vCPU's TLB that gives up nothing before it is told to: entries of 4 KiB, 2 MiB and 1 GiB, invalidated by address, range or all.</summary>
/// <remarks>For finding what was not invalidated, not for speed. Thread role: one thread at a time.</remarks>
internal sealed class Stage2Tlb
{
    private readonly List<Stage2TlbEntry> _entries = [];

    /// <summary>What it holds.</summary>
    public IReadOnlyList<Stage2TlbEntry> Entries => _entries;

    /// <summary>Looks an address up.</summary>
    /// <param name="ipa">The address.</param>
    /// <param name="entry">The entry, if there is one.</param>
    /// <returns>How many entries cover it. With two or more the hardware reports a conflict, or uses any of them.</returns>
    public int Lookup(ulong ipa, out Stage2TlbEntry entry)
    {
        int found = 0;
        entry = default;
        foreach (Stage2TlbEntry candidate in _entries)
        {
            if (!candidate.Covers(ipa))
                continue;
            entry = candidate;
            found++;
        }

        return found;
    }

    /// <summary>Remembers a translation. One of the same address and size is replaced, as after a permission fault.</summary>
    public void Fill(ulong ipa, Stage2Walk walk)
    {
        ulong first = ipa & ~(Stage2Geometry.SizeAt(walk.Level) - 1);
        _entries.RemoveAll(entry => entry.Ipa == first && entry.Level == walk.Level);
        _entries.Add(new Stage2TlbEntry(first, walk.Level, walk.Descriptor));
    }

    /// <summary>Drops entries of one level that cover an address; of all levels, if that is 0.</summary>
    public void Invalidate(ulong ipa, int level) => _entries.RemoveAll(entry => (level == 0 || entry.Level == level) && entry.Covers(ipa));

    /// <summary>Drops entries that cover any address of a range.</summary>
    public void InvalidateRange(ulong ipa, ulong size) => _entries.RemoveAll(entry => entry.Overlaps(ipa, size));

    /// <summary>Drops all.</summary>
    public void InvalidateAll() => _entries.Clear();
}
