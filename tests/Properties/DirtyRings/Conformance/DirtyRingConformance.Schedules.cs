using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.Conformance;

public abstract partial class DirtyRingConformance
{
    private static readonly uint[] Starts = [0, 0xffffff00, 0xffffffe0, 0xfffffffe, uint.MaxValue];

    [Fact]
    public void P4_P5_P15_entries_leave_in_the_order_of_their_pushes_and_none_is_lost() => Props.Check(
        Prop.ForAll<(byte, byte)[], (byte Size, byte Reserve, byte Start)>((steps, shape) =>
        {
            using var script = new RingScript(Make(shape.Size, shape.Reserve, shape.Start));
            foreach ((byte party, byte amount) in steps)
            {
                script.Step(party, amount);
                if (script.Accepted != script.Recycled + (uint)script.Ring.Used
                    || script.Attempts != script.Accepted + script.Ring.FullPushes)
                {
                    return false;
                }
            }

            script.Drain();
            IEnumerable<ulong> pushed = Enumerable.Range(0, (int)script.Accepted).Select(sequence => (ulong)sequence);
            return script.Harvested.SequenceEqual(pushed) && script.Reset.SequenceEqual(pushed) && script.Ring.Used == 0;
        }),
        $"{GetType().Name}.{nameof(P4_P5_P15_entries_leave_in_the_order_of_their_pushes_and_none_is_lost)}",
        maxTest: 400);

    [Fact]
    public void P6_P15_a_ring_does_what_the_model_does() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[], (byte Size, byte Reserve, byte Start)>((steps, shape) =>
        {
            using IRingUnderTest ring = Make(shape.Size, shape.Reserve, shape.Start);
            RingModel model = RingModel.Empty(ring.Capacity, ring.Capacity - ring.SoftLimit);
            foreach ((byte party, byte amount, byte page) in steps)
            {
                string actual = Act(ring, party, amount, page);
                string expected = Act(ref model, party, amount, page);
                if (!string.Equals(actual, expected, StringComparison.Ordinal) || ring.Used != model.Used || ring.FullPushes != model.FullPushes)
                    return false.Label($"'{actual}', and should be '{expected}' in {model}");
            }

            return true.ToProperty();
        }),
        $"{GetType().Name}.{nameof(P6_P15_a_ring_does_what_the_model_does)}",
        maxTest: 400);

    private static string Act(IRingUnderTest ring, byte party, byte amount, byte page)
    {
        switch (party % 3)
        {
            case 0:
                return string.Join(' ', Enumerable.Range(0, amount % 20).Select(i => ring.TryPush(1 + (page % 2u), (ulong)(page + i))));
            case 1:
                var sink = new EntryList([]);
                ring.Harvest(ref sink, amount % 20);
                return RingModel.Show(sink.Entries);
            default:
                var target = new SlotsTarget(new Dictionary<uint, ulong> { [1] = 1000, [2] = 1000 });
                int entries = ring.Reset(ref target, amount % 20).Entries;
                return $"{entries} {RingModel.Show(target.Calls)}";
        }
    }

    private static string Act(ref RingModel model, byte party, byte amount, byte page)
    {
        switch (party % 3)
        {
            case 0:
                var results = new List<PushResult>();
                for (int i = 0; i < amount % 20; i++)
                {
                    model = model.Push(1 + (page % 2u), (ulong)(page + i), out PushResult result);
                    results.Add(result);
                }

                return string.Join(' ', results);
            case 1:
                model = model.Harvest(amount % 20, out IEnumerable<(uint, ulong)> taken);
                return RingModel.Show(taken);
            default:
                int count = Math.Min(amount % 20, model.Harvested);
                string batches = RingModel.Show(model.Batches(count).Select(batch => batch.Batch));
                model = model.Recycle(count);
                return $"{count} {batches}";
        }
    }

    private IRingUnderTest Make(byte size, byte reserve, byte start)
    {
        int capacity = AnyCapacity ? 1 + (size % 37) : 1 << (size % 6);
        return Make(capacity, reserve % capacity, Starts[start % Starts.Length]);
    }
}
