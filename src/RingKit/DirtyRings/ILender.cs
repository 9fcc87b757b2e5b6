namespace RingKit.DirtyRings;

/// <summary>The ring behind <see cref="BorrowedEntries"/>. Called a few times a loan, never for an entry.</summary>
internal interface ILender
{
    /// <summary>Harvester only: what is harvested next.</summary>
    uint FetchIndex { get; }

    /// <summary>Harvester only: the next entries in place, as the one or two stretches in which they lie in memory.</summary>
    void Locate(int count, out ReadOnlySpan<DirtyGfn> first, out ReadOnlySpan<DirtyGfn> second);

    /// <summary>Harvester only: releases the next entries to the resetter.</summary>
    void ReleaseHarvested(int count);
}
