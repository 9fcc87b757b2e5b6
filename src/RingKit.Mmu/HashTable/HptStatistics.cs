using System.Numerics;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable;

/// <summary>What is in a hashed page table, counted in one sweep.</summary>
/// <remarks>
/// Everything but <see cref="Entries"/> and <see cref="Absent"/> counts valid entries alone: of the others R and C say nothing, as a removed entry keeps its words. Vector
/// passes order nothing, so while others write the table the counts are of no one moment.
/// </remarks>
public sealed record HptStatistics
{
    private static readonly PairFilter ValidOrAbsent = PairFilter.ForBigEndian(HpteV.Valid, 0, againFirst: HpteV.Absent);

    private HptStatistics()
    {
    }

    /// <summary>How many entries the table has room for.</summary>
    public ulong Entries { get; private init; }

    /// <summary>Entries that the processor may use.</summary>
    public ulong Valid { get; private init; }

    /// <summary>Entries that are valid for the guest alone.</summary>
    public ulong Absent { get; private init; }

    /// <summary>Entries that survive a resize.</summary>
    public ulong Bolted { get; private init; }

    /// <summary>Entries that stand in the group of the inverted hash.</summary>
    public ulong Secondary { get; private init; }

    /// <summary>Entries with <see cref="HpteV.Large"/>.</summary>
    public ulong Large { get; private init; }

    /// <summary>Entries with R.</summary>
    public ulong Referenced { get; private init; }

    /// <summary>Entries with C.</summary>
    public ulong Changed { get; private init; }

    /// <summary>Entries whose protection lets anyone store, <see cref="Hpte.IsWritable"/>.</summary>
    public ulong Writable { get; private init; }

    /// <summary>Entries that select no page size that KVM accepts.</summary>
    public ulong OfNoPageSize { get; private init; }

    /// <summary>
    /// Different page frames among the changed entries: the page's address and its own size, so that pages of two sizes at one address are two. Entries of no page size have none.
    /// </summary>
    public ulong DistinctChangedFrames { get; private init; }

    /// <summary>How many entries there are of each size, those that there are, by the page's own size and then the segment's.</summary>
    public IReadOnlyList<(HptePageSize Size, ulong Count)> PageSizes { get; private init; } = [];

    /// <summary>Counts.</summary>
    /// <param name="table">The table.</param>
    /// <exception cref="ObjectDisposedException">The table is disposed.</exception>
    /// <exception cref="InvalidOperationException">There are more than 2^31 different changed frames.</exception>
    public static HptStatistics Of(HashedPageTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var counter = new Counter(table);
        PairSweep.Sweep(table.View, ValidOrAbsent, ref counter);
        return counter.Total();
    }

    private struct Counter(HashedPageTable table) : IPairSink
    {
        private const int Shifts = 35;

        private readonly DistinctFrames _changedFrames = new();
        private readonly ulong[] _sizes = new ulong[Shifts * Shifts];
        private ulong _valid, _absent, _bolted, _secondary, _large, _referenced, _changed, _writable, _ofNoSize;

        public void Accept(ulong firstPair, ulong candidates, ulong lookAgain)
        {
            _absent += (uint)BitOperations.PopCount(lookAgain);
            for (; candidates != 0; candidates &= candidates - 1)
                Add(table[firstPair + (uint)BitOperations.TrailingZeroCount(candidates)]);
        }

        public readonly HptStatistics Total() => new()
        {
            Entries = table.EntryCount,
            Valid = _valid,
            Absent = _absent,
            Bolted = _bolted,
            Secondary = _secondary,
            Large = _large,
            Referenced = _referenced,
            Changed = _changed,
            Writable = _writable,
            OfNoPageSize = _ofNoSize,
            DistinctChangedFrames = _changedFrames.Count(),
            PageSizes = [.. _sizes
                .Select((count, at) => (Size: new HptePageSize(at % Shifts, at / Shifts), Count: count))
                .Where(size => size.Count > 0)],
        };

        private void Add(Hpte entry)
        {
            // Somebody else may have removed it since the sweep saw it.
            if (!entry.IsValid)
                return;

            _valid++;
            _bolted += entry.IsBolted ? 1u : 0;
            _secondary += entry.IsSecondary ? 1u : 0;
            _large += entry.IsLarge ? 1u : 0;
            _referenced += entry.IsReferenced ? 1u : 0;
            _changed += entry.IsChanged ? 1u : 0;
            _writable += entry.IsWritable ? 1u : 0;
            if (entry.PageSize is not { } size)
            {
                _ofNoSize++;
                return;
            }

            _sizes[(size.ActualShift * Shifts) + size.BaseShift]++;
            if (entry.IsChanged)
                _changedFrames.Add((entry.Rpn & ~(size.Bytes - 1)) | (uint)size.ActualShift);
        }
    }
}
