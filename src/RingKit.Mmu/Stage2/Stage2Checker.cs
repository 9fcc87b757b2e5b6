using RingKit.Ordering;

namespace RingKit.Mmu.Stage2;

/// <summary>Watches every change of a page table and every TLB operation, and notes where a rule of the architecture, or of dirty logging, is broken.</summary>
/// <remarks>
/// It believes nothing but what it is told: what was broken, or lost its write permission, stays in some TLB until an invalidation covers it. Live changes
/// that are allowed: AF, software bits, permissions. Thread role: one thread at a time.
/// Source: Arm's break-before-make; KVM's contract that write protection is followed by one flush before the log goes out.
/// </remarks>
internal sealed class Stage2Checker
{
    private const ulong MayChangeLive = Stage2Attributes.PermissionMask | Stage2Attributes.AccessBit | Stage2Attributes.SoftwareMask
        | Stage2Attributes.DirtyModifierBit;

    // What TLBs may hold: broken entries, and writable ones that are protected now.
    private readonly List<Stage2TlbEntry> _broken = [];
    private readonly List<Stage2TlbEntry> _protected = [];
    private readonly HashSet<ulong> _tables = [];
    private readonly List<Stage2Violation> _violations = [];

    /// <summary>What was found so far.</summary>
    public IReadOnlyList<Stage2Violation> Violations => _violations;

    /// <summary>As <see cref="IStage2Thread.Changed"/>.</summary>
    public void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after)
    {
        if (before.IsValid && !after.IsValid)
        {
            _broken.Add(new Stage2TlbEntry(ipa, level, before));
        }
        else if (before.IsValid)
        {
            if (((before.Raw ^ after.Raw) & ~MayChangeLive) != 0 || (before != after && !before.IsLeafAt(level)))
                Report(Stage2ViolationKind.NotBroken, ipa);
            else if (before.IsWritable && !after.IsWritable)
                _protected.Add(new Stage2TlbEntry(ipa, level, before));
        }
        else if (after.IsValid)
        {
            Made(ipa, level, after);
        }
    }

    /// <summary>As <see cref="IStage2Thread.InvalidateIpa"/>. A broken table needs its range: its leaves are of another level.</summary>
    public void InvalidatedIpa(ulong ipa, int level)
    {
        bool Goes(Stage2TlbEntry entry) => (level == 0 || entry.Level == level) && entry.Covers(ipa);
        _broken.RemoveAll(entry => Goes(entry) && entry.Descriptor.IsLeafAt(entry.Level));
        _protected.RemoveAll(Goes);
    }

    /// <summary>As <see cref="IStage2Thread.InvalidateRange"/>.</summary>
    public void InvalidatedRange(ulong ipa, ulong size)
    {
        _broken.RemoveAll(entry => entry.Overlaps(ipa, size)
            && (entry.Descriptor.IsLeafAt(entry.Level) || (ipa <= entry.Ipa && entry.Ipa - ipa + entry.Size <= size)));
        _protected.RemoveAll(entry => entry.Overlaps(ipa, size));
    }

    /// <summary>As <see cref="IStage2Thread.InvalidateAll"/>.</summary>
    public void InvalidatedAll()
    {
        _broken.Clear();
        _protected.Clear();
    }

    /// <summary>As <see cref="IStage2Thread.TableTaken"/>.</summary>
    public void TableTaken(ulong table) => _tables.Add(table);

    /// <summary>As <see cref="IStage2Thread.TableFreed"/>.</summary>
    public void TableFreed(ulong table)
    {
        if (!_tables.Remove(table))
            Report(Stage2ViolationKind.FreedTwice, table);
        if (_broken.Exists(entry => entry.Descriptor.IsTableAt(entry.Level) && entry.Descriptor.TableAddress == table))
            Report(Stage2ViolationKind.FreedBeforeInvalidation, table);
    }

    /// <summary>A log goes out, or the hypervisor returns to its user: no store may go unseen any more.</summary>
    public void Delivered()
    {
        foreach (Stage2TlbEntry entry in _protected)
            Report(Stage2ViolationKind.StaleWritable, entry.Ipa);
    }

    /// <summary>Looks for tables in use that no entry names.</summary>
    public void CheckTables<TOrdering>(Stage2Core<TOrdering> table)
        where TOrdering : struct, IOrdering
    {
        HashSet<ulong> named = [];
        table.Visit((_, level, entry) =>
        {
            if (entry.IsTableAt(level))
                named.Add(entry.TableAddress);
        });
        foreach (ulong address in _tables.Where(address => !named.Contains(address)).Order())
            Report(Stage2ViolationKind.LeakedTable, address);
    }

    /// <summary>Looks for pages under logging that can be written and are not recorded, by the table or by a TLB.</summary>
    /// <param name="table">The table.</param>
    /// <param name="tlbs">The vCPUs' TLBs.</param>
    /// <param name="ipa">Where logging begins.</param>
    /// <param name="size">How many bytes are logged.</param>
    /// <param name="isRecorded">Whether the page at an address is in the log, or in a snapshot that has not gone out yet.</param>
    public void CheckLogging<TOrdering>(
        Stage2Core<TOrdering> table, IEnumerable<Stage2Tlb> tlbs, ulong ipa, ulong size, Func<ulong, bool> isRecorded)
        where TOrdering : struct, IOrdering
    {
        void Look(Stage2TlbEntry entry)
        {
            ulong end = Math.Min(entry.Ipa + entry.Size, ipa + size);
            for (ulong at = Math.Max(entry.Ipa, ipa); entry.Descriptor.IsWritable && at < end; at += Stage2Geometry.TableBytes)
            {
                if (!isRecorded(at))
                    Report(Stage2ViolationKind.StaleWritable, at);
            }
        }

        table.Visit((at, level, entry) =>
        {
            if (entry.IsLeafAt(level))
                Look(new Stage2TlbEntry(at, level, entry));
        });
        foreach (Stage2TlbEntry entry in tlbs.SelectMany(tlb => tlb.Entries))
            Look(entry);
    }

    /// <summary>Looks for entries of a TLB that allow more, or lead elsewhere, than the table and the invalidations that are due.</summary>
    public void CheckTlb<TOrdering>(Stage2Core<TOrdering> table, Stage2Tlb tlb)
        where TOrdering : struct, IOrdering
    {
        foreach (Stage2TlbEntry entry in tlb.Entries)
        {
            if (tlb.Lookup(entry.Ipa, out _) > 1)
                Report(Stage2ViolationKind.TlbConflict, entry.Ipa);
            if (IsDue(_broken, entry))
                continue;

            Stage2Walk walk = table.Walk(entry.Ipa);
            if (walk.Level != entry.Level || !walk.IsMapped || ((walk.Descriptor.Raw ^ entry.Descriptor.Raw) & ~MayChangeLive) != 0)
                Report(Stage2ViolationKind.StaleTranslation, entry.Ipa);
            else if (entry.Descriptor.IsWritable && !walk.Descriptor.IsWritable && !IsDue(_protected, entry))
                Report(Stage2ViolationKind.StaleWritable, entry.Ipa);
        }
    }

    private static bool IsDue(List<Stage2TlbEntry> pending, Stage2TlbEntry held) => pending.Exists(entry => entry.Overlaps(held.Ipa, held.Size));

    private void Made(ulong ipa, int level, Stage2Descriptor after)
    {
        var made = new Stage2TlbEntry(ipa, level, after);
        foreach (Stage2TlbEntry old in _broken)
        {
            // A new table only meets what stood in its place; what was below it meets the leaves that come.
            if (!old.Overlaps(ipa, made.Size) || (after.IsTableAt(level) && old.Level > level))
                continue;
            bool same = old.Level == level && old.Ipa == ipa && ((old.Descriptor.Raw ^ after.Raw) & ~MayChangeLive) == 0;
            if (!same)
                Report(Stage2ViolationKind.MadeBeforeInvalidation, ipa);
            else if (old.Descriptor.IsWritable && !after.IsWritable)
                _protected.Add(old);
        }
    }

    private void Report(Stage2ViolationKind kind, ulong address) => _violations.Add(new Stage2Violation(kind, address));
}
