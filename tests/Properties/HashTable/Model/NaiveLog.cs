using RingKit.Mmu.HashTable;
using Xunit;

namespace RingKit.Properties.HashTable.Model;

/// <summary>
/// What a dirty log has to report and what it may, by the pages' contents alone: each store makes another version of a page, and a report copies the page.
/// </summary>
/// <remarks>
/// A page is due if it was stored to since it was last reported. More may be reported, and that is all: the other pages of a large page that was stored
/// to, as C is the entry's; pages whose C a processor wrote back after they were reported; since 4.15, pages that were changed before the log was
/// started, and pages mapped anew with C in the guest's word after the host has once seen C of them, as the host never forgets that. Less is
/// reported by the first versions: see <see cref="Forgive"/>.
/// </remarks>
internal sealed class NaiveLog(HashTableOptions options, Func<ulong, int> slotOf, int slots)
{
    private readonly Dictionary<ulong, int> _versions = [];
    private readonly Dictionary<ulong, int> _copies = [];
    private readonly SortedSet<ulong> _due = [];
    private readonly HashSet<ulong> _mayBeRecorded = [];
    private readonly SortedSet<ulong> _hostHasSeenChanged = [];
    private readonly SortedSet<ulong> _forgiven = [];
    private readonly bool[] _logs = new bool[slots];

    private bool RecordsInBitmap => options.Era == HashTableEra.Current;

    public bool Logs(int slot) => _logs[slot];

    /// <summary>A store of the guest's; <paramref name="kept"/> if the processor keeps C.</summary>
    public void Store(GuestMapping mapping, ulong page, bool kept)
    {
        _versions[page] = _versions.GetValueOrDefault(page) + 1;
        if (kept)
            mapping.StoredLate = true;
        else
            mapping.MayBeChanged = mapping.GuestMustSeeChanged = mapping.GuestMaySeeChanged = true;
        if (!_logs[slotOf(page)])
            return;
        if (options.HarvestsThoroughly || page == mapping.FirstPage)
            (kept ? mapping.Late : mapping.Due).Add(page);
        else
            Forgive(page);
    }

    /// <summary>A write by the host itself, on the guest's behalf.</summary>
    public void HostWrite(ulong page)
    {
        _versions[page] = _versions.GetValueOrDefault(page) + 1;
        if (_logs[slotOf(page)])
            _due.Add(page);
        Record(page, [page]);
    }

    /// <summary>Whether a processor keeps C of an entry still; if none does, it has been written back.</summary>
    public static void Settle(GuestMapping mapping, bool kept)
    {
        if (kept || !mapping.StoredLate)
            return;
        mapping.StoredLate = false;
        mapping.MayBeChanged = mapping.GuestMustSeeChanged = mapping.GuestMaySeeChanged = true;
        mapping.Due.UnionWith(mapping.Late);
        mapping.Late.Clear();
    }

    /// <summary>An entry has become valid.</summary>
    public void Installed(GuestMapping mapping)
    {
        mapping.MayBeChanged = mapping.GuestMaySeeChanged && _hostHasSeenChanged.Contains(mapping.FirstPage);
        if (options.Era != HashTableEra.FirstRelease)
            return;

        // The first release wiped what it knew of removed entries.
        if (_due.Remove(mapping.FirstPage))
            Forgive(mapping.FirstPage);
        _mayBeRecorded.Remove(mapping.FirstPage);
        _hostHasSeenChanged.Remove(mapping.FirstPage);
    }

    /// <summary>An entry is not valid any more; a tlbie has fetched C.</summary>
    public void Invalidated(GuestMapping mapping)
    {
        Settle(mapping, kept: false);

        // Of an entry that is gone, the first versions knew one page, whatever its size.
        bool all = options.Era >= HashTableEra.ChangedOrder;
        foreach (ulong page in mapping.Due)
        {
            if (all || page == mapping.FirstPage)
                _due.Add(page);
            else
                Forgive(page);
        }

        mapping.Due.Clear();
        if (mapping.MayBeChanged)
        {
            mapping.GuestMaySeeChanged = true;
            _hostHasSeenChanged.Add(mapping.FirstPage);
            Record(mapping.FirstPage, all ? mapping.Pages : [mapping.FirstPage]);
        }

        mapping.MayBeChanged = false;
    }

    /// <summary>The guest has cleared its own C; the host keeps it.</summary>
    public void ClearedByGuest(GuestMapping mapping, bool valid)
    {
        if (valid)
        {
            Settle(mapping, kept: false);
            _due.UnionWith(mapping.Due);
            mapping.Due.Clear();
            if (mapping.MayBeChanged)
                Record(mapping.FirstPage, mapping.Pages);
            mapping.MayBeChanged = false;
        }

        mapping.GuestMustSeeChanged = mapping.GuestMaySeeChanged = false;
    }

    /// <summary>A slot's log starts: all its pages are copied.</summary>
    public void Start(int slot, IEnumerable<GuestMapping> valid, Func<GuestMapping, bool> keeps)
    {
        _logs[slot] = true;
        foreach (ulong page in _versions.Keys.Where(page => slotOf(page) == slot))
            Copy(page, valid);
        if (RecordsInBitmap)
            return;

        // C is forgotten.
        Forget(slot);
        Clean(slot, valid, keeps);
    }

    /// <summary>A slot's log stops.</summary>
    public void Stop(int slot, IEnumerable<GuestMapping> valid)
    {
        _logs[slot] = false;
        _due.RemoveWhere(page => slotOf(page) == slot);
        _mayBeRecorded.RemoveWhere(page => slotOf(page) == slot);
        _forgiven.RemoveWhere(page => slotOf(page) == slot);
        foreach (GuestMapping mapping in valid.Where(mapping => slotOf(mapping.FirstPage) == slot))
        {
            mapping.Due.Clear();
            mapping.Late.Clear();
        }
    }

    /// <summary>A harvest has reported pages.</summary>
    public void Harvested(int slot, ulong[] reported, bool vcpusRun, IReadOnlyList<GuestMapping> valid, Func<GuestMapping, bool> keeps)
    {
        bool fetched = !vcpusRun && options.HarvestsThoroughly;
        var due = new SortedSet<ulong>(_due.Where(page => slotOf(page) == slot));
        var allowed = new HashSet<ulong>(_mayBeRecorded);
        foreach (GuestMapping mapping in valid.Where(mapping => slotOf(mapping.FirstPage) == slot))
        {
            due.UnionWith(mapping.Due);
            if (fetched)
                due.UnionWith(mapping.Late);
            if (mapping.MayBeChanged || (fetched && mapping.StoredLate))
                allowed.UnionWith(options.HarvestsThoroughly ? mapping.Pages : [mapping.FirstPage]);
        }

        due.ExceptWith(reported);
        if (due.Count != 0)
            Assert.Fail($"Lost: pages {Hex(due)} of slot {slot} were written and are not in the log.");
        ulong[] invented = [.. reported.Where(page => !allowed.Contains(page))];
        if (invented.Length != 0)
            Assert.Fail($"Invented: pages {Hex(invented)} of slot {slot} are in the log and were not written.");

        foreach (ulong page in reported.Where(_versions.ContainsKey))
            Copy(page, valid);
        Forget(slot);
        Clean(slot, valid, keeps);
    }

    /// <summary>After a harvest with all vCPUs stopped, the copy is the slot.</summary>
    public void CheckCopies(IReadOnlyList<GuestMapping> valid)
    {
        foreach ((ulong page, int version) in _versions)
        {
            if (_logs[slotOf(page)] && !_forgiven.Contains(page) && _copies.GetValueOrDefault(page) != version
                && !valid.Any(mapping => mapping.Late.Contains(page)))
                Assert.Fail($"Page 0x{page:X} has version {version}, its copy {_copies.GetValueOrDefault(page)}.");
        }
    }

    // What the first versions are known to lose: pages of a large page but the first, and those of removed entries whose page was mapped anew.
    private void Forgive(ulong page) => _forgiven.Add(page);

    private void Record(ulong first, IEnumerable<ulong> pages)
    {
        // The bitmap of a slot that does not log is none; rmap words are always there.
        if (RecordsInBitmap && !_logs[slotOf(first)])
            return;
        _mayBeRecorded.UnionWith(pages);
        if (!RecordsInBitmap)
            _hostHasSeenChanged.Add(first);
    }

    private void Copy(ulong page, IEnumerable<GuestMapping> valid)
    {
        _copies[page] = _versions.GetValueOrDefault(page);
        _forgiven.Remove(page);
        _due.Remove(page);
        foreach (GuestMapping mapping in valid)
        {
            mapping.Due.Remove(page);
            mapping.Late.Remove(page);
        }
    }

    private void Forget(int slot)
    {
        _due.RemoveWhere(page => slotOf(page) == slot);
        _mayBeRecorded.RemoveWhere(page => slotOf(page) == slot);
        if (!RecordsInBitmap)
            _hostHasSeenChanged.RemoveWhere(page => slotOf(page) == slot);
    }

    // C is gone from the table, and what processors kept of it with it. What is left of that was not reported, and is due.
    private void Clean(int slot, IEnumerable<GuestMapping> valid, Func<GuestMapping, bool> keeps)
    {
        foreach (GuestMapping mapping in valid.Where(mapping => slotOf(mapping.FirstPage) == slot))
        {
            mapping.GuestMaySeeChanged |= mapping.MayBeChanged;
            mapping.MayBeChanged = false;
            if (!mapping.StoredLate || keeps(mapping))
                continue;
            mapping.StoredLate = false;
            mapping.Due.UnionWith(mapping.Late);
            mapping.Late.Clear();
            mapping.GuestMustSeeChanged = mapping.GuestMaySeeChanged = true;
        }
    }

    private static string Hex(IEnumerable<ulong> pages) => string.Join(", ", pages.Select(page => $"0x{page:X}"));
}
