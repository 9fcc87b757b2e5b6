using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings;

/// <summary>
/// A ring whose entries anyone may write, checked step by step against what the memory held before the step. Every method returns what is
/// wrong, or null.
/// </summary>
internal sealed class HostileRing(int capacity, uint startIndex, OutOfRangePolicy policy) : IDisposable
{
    public static readonly Dictionary<uint, ulong> Slots = new() { [0] = 100, [1] = 64, [2] = 1, [0x10001] = 1UL << 31 };

    private ulong _foreign;
    private ulong _forgedEntries;
    private ulong _forgedResets;
    private ulong _overtaken;
    private ulong _refused;

    public RingRig Rig { get; } = new(capacity, capacity / 4, startIndex);

    /// <summary>The pages that the last reset reached.</summary>
    public HashSet<(uint Slot, ulong Page)> LastPages { get; private set; } = [];

    public (ulong Foreign, ulong ForgedEntries, ulong Overtaken, ulong ForgedResets, ulong Refused) Counted =>
        (_foreign, _forgedEntries, _overtaken, _forgedResets, _refused);

    public string? Push(uint slot, ulong offset)
    {
        bool full = Rig.Core.Used == Rig.Core.Capacity;
        PushResult result = Rig.Producer.TryPush(slot, offset);
        return result == PushResult.Full == full ? Counters() : $"push: {result} with {Rig.Core.Used} used";
    }

    public string? Harvest(int maximum)
    {
        var expected = new List<(uint, ulong)>();
        uint limit = Math.Min((uint)maximum, Rig.Core.Capacity);
        uint fetch = Rig.Core.Control.FetchIndex;
        for (; expected.Count < limit && IsDirtyAndPublished(fetch); fetch++)
            expected.Add((Rig.At(fetch).Slot, Rig.At(fetch).Offset));
        if (expected.Count < limit && Rig.At(fetch).Flags == DirtyGfn.Dirty)
            _forgedEntries++;
        else if (expected.Count < limit)
            fetch = NoteStop(fetch);

        var destination = new DirtyGfn[maximum];
        int count = Rig.Harvester.Harvest(destination);
        return expected.SequenceEqual(destination[..count].Select(entry => (entry.Slot, entry.Offset)))
            && Rig.Core.Control.FetchIndex == fetch
                ? Counters()
                : $"harvest: {count} entries, then at {Rig.Core.Control.FetchIndex}, and should be {expected.Count}, then at {fetch}";
    }

    public string? Reset(int maximum)
    {
        List<ReferenceBatch> batches = ReferenceCoalescer.Coalesce(Harvested(maximum));
        var expectedPages = new HashSet<(uint, ulong)>();
        int refused = 0;
        foreach (ReferenceBatch batch in batches)
        {
            ulong pages = Slots.GetValueOrDefault(batch.Batch.Slot);
            List<ulong> inside = [.. batch.Pages().Where(page => page < pages)];
            if (policy == OutOfRangePolicy.RefuseBatch && inside.Count != batch.Batch.PageCount)
                inside.Clear();
            refused += batch.Batch.PageCount - inside.Count;
            expectedPages.UnionWith(inside.Select(page => (batch.Batch.Slot, page)));
        }

        _refused += (uint)refused;
        var target = new SlotsTarget(Slots);
        ResetResult result = Rig.Resetter.Reset(ref target, maximum, policy);
        LastPages = target.Pages;
        if (target.Violations.Count != 0)
            return $"reset: {target.Violations[0]}";
        if (result != new ResetResult(batches.Count == 0 ? 0 : batches[^1].End, batches.Count, refused))
            return $"reset: {result}, and should be {batches.Count} batches with {refused} pages refused";
        return LastPages.SetEquals(expectedPages) ? Counters() : "reset: other pages than those in range";
    }

    public void Dispose() => Rig.Dispose();

    private bool IsDirtyAndPublished(uint index) =>
        Rig.At(index).Flags == DirtyGfn.Dirty && index != Rig.Core.Control.DirtyIndex;

    private uint NoteStop(uint index)
    {
        if (Rig.At(index).Flags is not (0 or DirtyGfn.Reset))
            _foreign++;
        int ahead = unchecked((int)(Rig.Core.Control.ResetIndex - index));
        if (ahead <= 0)
            return index;

        _overtaken += (uint)ahead;
        return Rig.Core.Control.ResetIndex;
    }

    private List<(uint Slot, ulong Offset)> Harvested(int maximum)
    {
        var entries = new List<(uint, ulong)>();
        uint limit = Math.Min((uint)maximum, Rig.Core.Capacity);
        for (uint index = Rig.Core.Control.ResetIndex; entries.Count < limit; index++)
        {
            DirtyGfn entry = Rig.At(index);
            if ((entry.Flags & DirtyGfn.Reset) == 0)
                break;
            if (index == Rig.Core.Control.DirtyIndex)
            {
                _forgedResets++;
                break;
            }

            entries.Add((entry.Slot, entry.Offset));
        }

        return entries;
    }

    private string? Counters()
    {
        (ulong, ulong, ulong, ulong, ulong) counters = (
            Rig.Harvester.ForeignFlags, Rig.Harvester.ForgedEntries, Rig.Harvester.OvertakenEntries, Rig.Resetter.ForgedResets,
            Rig.Resetter.RefusedPages);
        uint used = unchecked(Rig.Core.Control.DirtyIndex - Rig.Core.Control.ResetIndex);
        return counters == Counted && used <= Rig.Core.Capacity
            ? null
            : $"foreign, forged entries, overtaken, forged resets, refused are {counters} and should be {Counted}; used {used} of {Rig.Core.Capacity}";
    }
}
