using System.Collections.Immutable;
using System.Globalization;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings;

/// <summary>What a dirty ring should hold: its live entries in order, of which the first few are harvested and wait for the reset.</summary>
/// <param name="Capacity">Of the ring.</param>
/// <param name="SoftLimit">Of the ring.</param>
/// <param name="Live">Published and not yet recycled.</param>
/// <param name="Harvested">How many of them are harvested.</param>
/// <param name="Recycled">How many came before them.</param>
/// <param name="FullPushes">Pushes that were refused.</param>
/// <param name="Outcome">What the last operation should have reported.</param>
internal sealed record RingModel(
    int Capacity,
    int SoftLimit,
    ImmutableList<(uint Slot, ulong Offset)> Live,
    int Harvested,
    ulong Recycled,
    ulong FullPushes,
    string Outcome)
{
    public int Used => Live.Count;

    public static RingModel Empty(int capacity, int reserve) => new(capacity, capacity - reserve, [], 0, 0, 0, "");

    public static string Show(IEnumerable<(uint Slot, ulong Offset)> entries) =>
        string.Join(' ', entries.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Slot:x}:{entry.Offset}")));

    public static string Show(IEnumerable<ResetBatch> batches) =>
        string.Join(' ', batches.Select(batch =>
            string.Create(CultureInfo.InvariantCulture, $"({batch.Slot:x},{batch.BaseOffset},{batch.Mask:x})")));

    public RingModel Push(uint slot, ulong offset, out PushResult result)
    {
        if (Used == Capacity)
        {
            result = PushResult.Full;
            return this with { FullPushes = FullPushes + 1 };
        }

        result = Used + 1 >= SoftLimit ? PushResult.SoftFull : PushResult.Pushed;
        return this with { Live = Live.Add((slot, offset)) };
    }

    public RingModel Harvest(int maximum, out IEnumerable<(uint Slot, ulong Offset)> taken)
    {
        int count = Math.Min(maximum, Used - Harvested);
        taken = Live.GetRange(Harvested, count);
        return this with { Harvested = Harvested + count };
    }

    public RingModel Recycle(int count) =>
        this with { Live = Live.RemoveRange(0, count), Harvested = Harvested - count, Recycled = Recycled + (uint)count };

    /// <summary>The entries that a reset would take, and their batches.</summary>
    public List<ReferenceBatch> Batches(int maximum) => ReferenceCoalescer.Coalesce(Live.GetRange(0, Math.Min(maximum, Harvested)));

    /// <summary>Where a ring departs from the model; null if nowhere.</summary>
    public string? DifferenceFrom(RingRig rig)
    {
        uint resetIndex = unchecked(rig.StartIndex + (uint)Recycled);
        if (rig.Core.Control.ResetIndex != resetIndex
            || rig.Core.Control.FetchIndex != unchecked(resetIndex + (uint)Harvested)
            || rig.Core.Control.DirtyIndex != unchecked(resetIndex + (uint)Used))
        {
            return $"indices {rig.Core.Control.ResetIndex:x} {rig.Core.Control.FetchIndex:x} {rig.Core.Control.DirtyIndex:x}, "
                + $"and the model has {Harvested} harvested of {Used} from {resetIndex:x}";
        }

        for (int i = 0; i < Capacity; i++)
        {
            DirtyGfn entry = rig.At(unchecked(resetIndex + (uint)i));
            uint flags = i < Harvested ? DirtyGfn.Reset : i < Used ? DirtyGfn.Dirty : 0;
            if (entry.Flags != flags || (flags != 0 && (entry.Slot, entry.Offset) != Live[i]))
                return $"live entry {i} is {entry}, and should have flags {flags}";
        }

        bool softFull = Used >= SoftLimit;
        return rig.Core.Used == Used
            && rig.Producer.Room == Capacity - Used
            && rig.Producer.IsSoftFull == softFull
            && rig.Core.Control.FullPushes == FullPushes
            && rig.Harvester.ForeignFlags == 0
            && rig.Harvester.ForgedEntries == 0
            && rig.Harvester.OvertakenEntries == 0
            && rig.Resetter.ForgedResets == 0
                ? null
                : $"used {rig.Core.Used}, room {rig.Producer.Room}, soft full {rig.Producer.IsSoftFull}, full pushes "
                    + $"{rig.Core.Control.FullPushes}, foreign {rig.Harvester.ForeignFlags}, forged {rig.Harvester.ForgedEntries} and {rig.Resetter.ForgedResets}, "
                    + $"overtaken {rig.Harvester.OvertakenEntries}";
    }

    public override string ToString() => $"[{Show(Live)}] {Harvested} harvested, {Outcome}";
}
