using System.Numerics;
using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Ordering;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>What coalescing keeps of the entries, whatever they are.</summary>
public sealed class CoalescingProperties
{
    [Fact]
    public void P7_coalescing_is_lossless() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[]>(script =>
        {
            (uint Slot, ulong Offset)[] entries = EntryScript.Decode(script);
            HashSet<(uint, ulong)> reset = [];
            foreach (ReferenceBatch batch in Joined(entries))
                reset.UnionWith(batch.Pages().Select(page => (batch.Batch.Slot, page)));
            return reset.SetEquals(entries);
        }),
        nameof(P7_coalescing_is_lossless),
        maxTest: 500);

    [Fact]
    public void P7_each_batch_covers_just_the_pages_of_its_entries() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[]>(script =>
        {
            (uint Slot, ulong Offset)[] entries = EntryScript.Decode(script);
            return Joined(entries).TrueForAll(batch =>
                entries[batch.Start..batch.End].All(entry => entry.Slot == batch.Batch.Slot)
                && entries[batch.Start..batch.End].Select(entry => entry.Offset).ToHashSet().SetEquals(batch.Pages()));
        }),
        nameof(P7_each_batch_covers_just_the_pages_of_its_entries),
        maxTest: 500);

    [Fact]
    public void P7_coalescing_obeys_the_reference() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[]>(script =>
        {
            (uint Slot, ulong Offset)[] entries = EntryScript.Decode(script);
            return ReferenceCoalescer.Coalesce(entries).SequenceEqual(Joined(entries));
        }),
        nameof(P7_coalescing_obeys_the_reference),
        maxTest: 1000);

    [Fact]
    public void P7_moving_all_pages_moves_all_batches() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[], ulong>((script, distance) =>
        {
            (uint Slot, ulong Offset)[] entries = EntryScript.Decode(script);
            (uint, ulong)[] moved = [.. entries.Select(entry => (entry.Slot, unchecked(entry.Offset + distance)))];
            return Joined(entries).Select(batch => Move(batch.Batch, distance))
                .SequenceEqual(Joined(moved).Select(batch => batch.Batch));
        }),
        nameof(P7_moving_all_pages_moves_all_batches),
        maxTest: 300);

    [Fact]
    public void P8_every_mask_has_bit_0_and_no_more_pages_than_entries() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[]>(script => Joined(EntryScript.Decode(script)).TrueForAll(batch =>
            (batch.Batch.Mask & 1) == 1
            && batch.Batch.PageCount == BitOperations.PopCount(batch.Batch.Mask)
            && batch.Batch.PageCount <= batch.End - batch.Start)),
        nameof(P8_every_mask_has_bit_0_and_no_more_pages_than_entries),
        maxTest: 500);

    [Fact]
    public void P9_batches_are_applied_in_the_order_in_which_they_end() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[]>(script =>
        {
            (uint Slot, ulong Offset)[] entries = EntryScript.Decode(script);
            List<ReferenceBatch> batches = Joined(entries);
            int end = 0;
            foreach (ReferenceBatch batch in batches)
            {
                if (batch.Start != end || batch.End <= batch.Start)
                    return false;
                end = batch.End;
            }

            return end == entries.Length;
        }),
        nameof(P9_batches_are_applied_in_the_order_in_which_they_end),
        maxTest: 500);

    [Fact]
    public void P9_a_batch_keeps_its_entries_until_it_is_applied() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[]>(script =>
        {
            (uint Slot, ulong Offset)[] entries = EntryScript.Decode(script);
            using RingRig rig = Harvested(entries);
            var observer = new Observer(rig.Core, []);
            rig.Core.Reset<Observer, ObserveIndices>(ref observer, int.MaxValue);
            return observer.Starts.SequenceEqual(ReferenceCoalescer.Coalesce(entries).Select(batch => (uint)batch.Start));
        }),
        nameof(P9_a_batch_keeps_its_entries_until_it_is_applied),
        maxTest: 300);

    [Fact]
    public void P9_a_maximum_cuts_batches_but_keeps_their_order() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[], byte>((script, step) =>
        {
            (uint Slot, ulong Offset)[] entries = EntryScript.Decode(script);
            int maximum = step + 1;
            List<ResetBatch> expected =
                [.. entries.Chunk(maximum).SelectMany(ReferenceCoalescer.Coalesce).Select(batch => batch.Batch)];
            List<ResetBatch> actual = [];
            using RingRig rig = Harvested(entries);
            for (int left = entries.Length; left > 0; left -= maximum)
                actual.AddRange(rig.ResetUnchecked(maximum));
            return rig.Core.Used == 0 && expected.SequenceEqual(actual);
        }),
        nameof(P9_a_maximum_cuts_batches_but_keeps_their_order),
        maxTest: 300);

    // What the ring's own reset makes of the entries. Which entries went into a batch follows from the indices that it saw.
    private static List<ReferenceBatch> Joined((uint Slot, ulong Offset)[] entries)
    {
        using RingRig rig = Harvested(entries);
        var observer = new Observer(rig.Core, []);
        rig.Core.Reset<Observer, ObserveIndices>(ref observer, int.MaxValue);
        uint[] bounds = [.. observer.Starts, rig.Core.Control.ResetIndex];
        return [.. observer.Batches.Select((batch, i) => new ReferenceBatch(batch, (int)bounds[i], (int)bounds[i + 1]))];
    }

    private static RingRig Harvested((uint Slot, ulong Offset)[] entries)
    {
        int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)entries.Length + 1);
        var rig = new RingRig(capacity);
        foreach ((uint slot, ulong offset) in entries)
            rig.Producer.TryPush(slot, offset);
        rig.Harvester.Harvest(new DirtyGfn[capacity]);
        return rig;
    }

    private static ResetBatch Move(ResetBatch batch, ulong distance) =>
        batch with { BaseOffset = unchecked(batch.BaseOffset + distance) };

    private readonly struct Observer(DirtyRingCore<HardwareOrdering> core, List<uint> starts)
    {
        public DirtyRingCore<HardwareOrdering> Core { get; } = core;

        public List<uint> Starts { get; } = starts;

        public List<ResetBatch> Batches { get; } = [];
    }

    private readonly struct ObserveIndices : IResetPolicy<Observer>
    {
        public static ulong Apply(ref Observer target, in ResetBatch batch)
        {
            target.Starts.Add(target.Core.Control.ResetIndex);
            target.Batches.Add(batch);
            return 0;
        }
    }
}
