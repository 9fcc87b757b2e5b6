namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>Bugs that KVM on arm once had, brought back one at a time so that a test can show that it would have found them.</summary>
[Flags]
internal enum Stage2Defects
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Dissolving a block invalidates its output address as if it were the IPA.</summary>
    FlushesOutputAddress = 1 << 0,

    /// <summary>A read fault under logging is mapped writable where the host allows it, and not recorded.</summary>
    MapsReadsWritable = 1 << 1,

    /// <summary>A page is recorded although its mapping failed.</summary>
    MarksFailures = 1 << 2,

    /// <summary>A read-only slot with a dirty bitmap counts as logged, and gets no blocks.</summary>
    LogsReadOnlySlots = 1 << 3,

    /// <summary>A block may reach beyond the slot.</summary>
    MapsBeyondSlot = 1 << 4,

    /// <summary>A block over a table leaks the table and leaves its TLB entries.</summary>
    LeaksReplacedTable = 1 << 5,

    /// <summary>A present page is replaced without break before make.</summary>
    UpdatesLive = 1 << 6,

    /// <summary>Transparent huge pages do not ask whether pages are forced.</summary>
    IgnoresForcedPages = 1 << 7,

    /// <summary>Permissions are relaxed although the fault's granule is not the mapping's size.</summary>
    RelaxesOtherSizes = 1 << 8,

    /// <summary>The host's regions are looked at before the invalidation sequence is read.</summary>
    ReadsSequenceLate = 1 << 9,

    /// <summary>Restarting the log trusts the write protection of the time before.</summary>
    RestartsWithoutProtection = 1 << 10,

    /// <summary>Blocks are split before they are write-protected, and the pages are not.</summary>
    SplitsBeforeProtection = 1 << 11,

    /// <summary>A fetch of the log protects first and takes the bits then.</summary>
    ProtectsBeforeTaking = 1 << 12,

    /// <summary>The end of an invalidation does not count, only its being under way.</summary>
    EndsWithoutSequence = 1 << 13,

    /// <summary>A page that is replaced counts as one more on its table, which is never empty again.</summary>
    CountsUpdates = 1 << 14,

    /// <summary>A table that a block replaces is freed after an invalidation of one address, not of its range.</summary>
    CollapsesByAddress = 1 << 15,

    /// <summary>Faults share the lock, and change what another one changes too.</summary>
    SharesTheLock = 1 << 16,
}
