using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings;

/// <summary>The operations of <see cref="RingMachine"/>.</summary>
internal static class RingOperations
{
    private static readonly (uint, uint) Pushes = (0, DirtyGfn.Dirty);
    private static readonly (uint, uint) Harvests = (DirtyGfn.Dirty, DirtyGfn.Reset);
    private static readonly (uint, uint) Recycles = (DirtyGfn.Reset, 0);

    /// <summary>The producer pushes neighbouring pages.</summary>
    public sealed class Push(int count, uint slot, ulong page) : RingOperation(Pushes)
    {
        public override RingModel Run(RingModel model)
        {
            var results = new List<PushResult>();
            for (int i = 0; i < count; i++)
            {
                model = model.Push(slot, page + (uint)i, out PushResult result);
                results.Add(result);
            }

            return model with { Outcome = string.Join(' ', results) };
        }

        public override string ToString() => $"Push {count} from {slot:x}:{page}";

        protected override string Act(RingRig rig) =>
            string.Join(' ', Enumerable.Range(0, count).Select(i => rig.Producer.TryPush(slot, page + (uint)i)));
    }

    /// <summary>The harvester copies out.</summary>
    public sealed class Harvest(int maximum) : RingOperation(Harvests)
    {
        public override RingModel Run(RingModel model)
        {
            model = model.Harvest(maximum, out IEnumerable<(uint, ulong)> taken);
            return model with { Outcome = RingModel.Show(taken) };
        }

        public override string ToString() => $"Harvest {maximum}";

        protected override string Act(RingRig rig)
        {
            var destination = new DirtyGfn[maximum];
            int count = rig.Harvester.Harvest(destination);
            return RingModel.Show(destination[..count].Select(entry => (entry.Slot, entry.Offset)));
        }
    }

    /// <summary>The harvester takes entries one by one, and after each the producer pushes another page.</summary>
    public sealed class HarvestMeanwhilePush(int maximum, ulong page) : RingOperation(Pushes, Harvests, (0, DirtyGfn.Reset))
    {
        public override RingModel Run(RingModel model)
        {
            var taken = new List<(uint, ulong)>();
            while (taken.Count < Math.Min(maximum, model.Capacity) && model.Harvested < model.Used)
            {
                (uint Slot, ulong Offset) entry = model.Live[model.Harvested];
                taken.Add(entry);
                model = model.Push(entry.Slot, page, out _).Harvest(1, out _);
            }

            return model with { Outcome = RingModel.Show(taken) };
        }

        public override string ToString() => $"Harvest {maximum}, meanwhile push {page}";

        protected override string Act(RingRig rig)
        {
            var sink = new PushingSink(rig, page, []);
            int count = rig.Harvester.Harvest(ref sink, maximum);
            return count == sink.Taken.Count ? RingModel.Show(sink.Taken) : $"{count} of {sink.Taken.Count}";
        }
    }

    /// <summary>The harvester borrows in place; before it releases some of the entries, the producer pushes more and the resetter recycles.</summary>
    public sealed class Borrow(int maximum, int release, int pushes, int recycle)
        : RingOperation(Pushes, Harvests, Recycles, (DirtyGfn.Reset, DirtyGfn.Dirty))
    {
        public override RingModel Run(RingModel model)
        {
            model.Harvest(maximum, out IEnumerable<(uint, ulong)> lent);
            string batches = RingModel.Show(model.Batches(recycle).Select(batch => batch.Batch));
            model = model.Recycle(Math.Min(recycle, model.Harvested));
            for (int i = 0; i < pushes; i++)
                model = model.Push(7, (uint)i, out _);
            model = model.Harvest(Math.Min(release, lent.Count()), out _);
            return model with { Outcome = $"{RingModel.Show(lent)}; {batches}" };
        }

        public override string ToString() => $"Borrow {maximum}, meanwhile reset {recycle} and push {pushes}, then release {release}";

        protected override string Act(RingRig rig)
        {
            BorrowedEntries lent = rig.Harvester.Borrow(maximum);
            string batches = RingModel.Show(rig.ResetUnchecked(recycle));
            for (int i = 0; i < pushes; i++)
                rig.Producer.TryPush(7, (uint)i);

            // Read only now: nothing of the above may have changed what is lent.
            DirtyGfn[] entries = [.. lent.First, .. lent.Second];
            lent.Release(Math.Min(release, lent.Count));
            return $"{RingModel.Show(entries.Select(entry => (entry.Slot, entry.Offset)))}; {batches}";
        }
    }

    /// <summary>The resetter recycles, and at each batch the producer pushes another page.</summary>
    public sealed class Reset(int maximum, bool pushes) : RingOperation(Pushes, Recycles, (DirtyGfn.Reset, DirtyGfn.Dirty))
    {
        public override RingModel Run(RingModel model)
        {
            List<ReferenceBatch> batches = model.Batches(maximum);
            var results = new List<PushResult>();
            foreach (ReferenceBatch batch in batches)
            {
                if (pushes)
                {
                    model = model.Push(9, batch.Batch.BaseOffset, out PushResult result);
                    results.Add(result);
                }

                model = model.Recycle(batch.End - batch.Start);
            }

            return model with { Outcome = $"{RingModel.Show(batches.Select(batch => batch.Batch))} {string.Join(' ', results)}" };
        }

        public override string ToString() => $"Reset {maximum}{(pushes ? ", meanwhile push" : "")}";

        protected override string Act(RingRig rig)
        {
            var target = new PushingTarget(rig, pushes, [], []);
            rig.Resetter.Reset(ref target, maximum);
            return $"{RingModel.Show(target.Batches)} {string.Join(' ', target.Results)}";
        }
    }

    private readonly struct PushingSink(RingRig rig, ulong page, List<(uint Slot, ulong Offset)> taken) : IDirtyEntrySink
    {
        public List<(uint Slot, ulong Offset)> Taken => taken;

        public void Accept(uint slot, ulong offset)
        {
            taken.Add((slot, offset));
            rig.Producer.TryPush(slot, page);
        }
    }

    private readonly struct PushingTarget(RingRig rig, bool pushes, List<ResetBatch> batches, List<PushResult> results) : IResetTarget
    {
        public List<ResetBatch> Batches => batches;

        public List<PushResult> Results => results;

        public ulong PagesIn(uint slot) => ulong.MaxValue;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            batches.Add(new ResetBatch(slot, baseOffset, mask));
            if (pushes)
                results.Add(rig.Producer.TryPush(9, baseOffset));
        }
    }
}
