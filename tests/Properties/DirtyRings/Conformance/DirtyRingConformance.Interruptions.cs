using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.Conformance;

public abstract partial class DirtyRingConformance
{
    /// <summary>Ways to end a reset early.</summary>
    public enum Interruption
    {
        Cancelled,
        ThrownBySlots,
        ThrownByProtection,
        OutOfBudget,
    }

    [Fact]
    public void The_entry_at_which_a_sink_throws_stays_in_the_ring()
    {
        for (int throwAt = 0; throwAt <= 5; throwAt++)
        {
            using IRingUnderTest ring = Make(8, reserve: 0, startIndex: uint.MaxValue);
            for (ulong page = 0; page < 5; page++)
                ring.TryPush(1, page * 100);

            var sink = new EntryList([], throwAt);
            if (throwAt < 5)
                Assert.Throws<InvalidTimeZoneException>(() => ring.Harvest(ref sink));
            else
                ring.Harvest(ref sink);
            var target = new SlotsTarget(OneSlot);
            Assert.Equal(throwAt, ring.Reset(ref target).Entries);
            Assert.Equal([.. sink.Entries, .. HarvestAll(ring)], Enumerable.Range(0, 5).Select(page => (1u, (ulong)page * 100)));
        }
    }

    [Theory]
    [InlineData(Interruption.Cancelled)]
    [InlineData(Interruption.ThrownBySlots)]
    [InlineData(Interruption.ThrownByProtection)]
    [InlineData(Interruption.OutOfBudget)]
    public void A_reset_that_is_interrupted_anywhere_goes_on_where_it_was(Interruption interruption)
    {
        // Seven batches, of which one is refused; and one duplicate.
        ulong[] pages = [0, 1, 100, 101, 100, 200, 1UL << 50, 300, 299, 400, 500];
        List<ResetBatch> whole = Run(at: int.MaxValue, out int calls);
        Assert.Equal(6, whole.Count);
        for (int at = 0; at <= calls; at++)
        {
            List<ResetBatch> applied = Run(at, out _);

            // A budget may cut a batch in two; nothing else does.
            if (interruption == Interruption.OutOfBudget)
                Assert.Equal(Pages(whole), Pages(applied));
            else
                Assert.Equal(whole, applied);
        }

        List<ResetBatch> Run(int at, out int calls)
        {
            using IRingUnderTest ring = Make(16, reserve: 0, startIndex: 0xfffffffe);
            foreach (ulong page in pages)
                ring.TryPush(1, page);
            ring.Harvest(new DirtyGfn[16]);

            var target = new InterruptedTarget(interruption, at);
            int entries = 0, interrupted = 0;
            for (int rounds = 0; entries < pages.Length; rounds++)
            {
                Assert.True(rounds < 5, $"{entries} of {pages.Length} entries were reset when stopped at {at}.");
                int before = ring.Used;
                try
                {
                    int budget = interruption == Interruption.OutOfBudget && rounds == 0 ? Math.Min(at, pages.Length) : int.MaxValue;
                    ResetResult result = ring.Reset(ref target, budget, default, target.Log.Stop.Token);
                    interrupted += result.IsInterrupted ? 1 : 0;
                    Assert.Equal(before - result.Entries, ring.Used);
                }
                catch (InvalidTimeZoneException)
                {
                    interrupted++;
                }

                entries += before - ring.Used;
                target.Log.Renew();
            }

            Assert.True(interrupted <= 1);
            Assert.Equal(1UL, ring.RefusedPages);
            calls = target.Log.Calls;
            return target.Log.Batches;
        }
    }

    [Fact]
    public void A_cancelled_reset_does_nothing_and_says_so()
    {
        using IRingUnderTest ring = Make(8, reserve: 0);
        var target = new SlotsTarget(OneSlot);
        var stop = new CancellationToken(canceled: true);
        Assert.Equal(default, ring.Reset(ref target, stop: stop));
        ring.TryPush(1, 3);
        ring.Harvest(new DirtyGfn[8]);
        Assert.Equal(new ResetResult { IsInterrupted = true }, ring.Reset(ref target, stop: stop));
        Assert.Equal(new ResetResult(1, 1, 0), ring.Reset(ref target));
        Assert.Equal([new ResetBatch(1, 3, 1)], target.Calls);
    }

    [Fact]
    public void A_reset_reports_what_it_refuses() => Props.Check(
        Prop.ForAll<(byte, byte, byte)[], bool>((script, wholeBatches) =>
        {
            (uint Slot, ulong Offset)[] entries = [.. EntryScript.Decode(script).Take(32)];
            using IRingUnderTest ring = Make(32, reserve: 0);
            foreach ((uint slot, ulong offset) in entries)
                ring.TryPush(slot, offset);
            ring.Harvest(new DirtyGfn[32]);

            var target = new SlotsTarget(HostileRing.Slots);
            var refused = new EntryList([]);
            OutOfRangePolicy policy = wholeBatches ? OutOfRangePolicy.RefuseBatch : OutOfRangePolicy.RefusePages;
            ResetResult result = ring.Reset(ref target, ref refused, policy);

            // Each page of each batch is applied or refused, and by its own slot's size unless its whole batch is.
            IEnumerable<(uint, ulong)> expected = ReferenceCoalescer.Coalesce(entries).SelectMany(batch =>
            {
                ulong pages = HostileRing.Slots.GetValueOrDefault(batch.Batch.Slot);
                bool all = wholeBatches && batch.Pages().Any(page => page >= pages);
                return batch.Pages().Where(page => all || page >= pages).Select(page => (batch.Batch.Slot, page)).Order();
            });
            return result.RefusedPages == refused.Entries.Count
                && ring.RefusedPages == (uint)refused.Entries.Count
                && refused.Entries.Order().SequenceEqual(expected.Order())
                && target.Violations.Count == 0;
        }),
        $"{GetType().Name}.{nameof(A_reset_reports_what_it_refuses)}",
        maxTest: 300);

    [Fact]
    public void Where_the_sink_of_the_refused_throws_the_batch_stays_harvested()
    {
        using IRingUnderTest ring = Make(8, reserve: 0);
        ring.TryPush(1, 5);
        ring.TryPush(9, 7);
        ring.Harvest(new DirtyGfn[8]);
        var target = new SlotsTarget(OneSlot);
        var refused = new EntryList([], throwAt: 0);
        Assert.Throws<InvalidTimeZoneException>(() => ring.Reset(ref target, ref refused, OutOfRangePolicy.RefusePages));
        Assert.Equal(1, ring.Used);
        refused = new EntryList([]);
        Assert.Equal(new ResetResult(1, 1, 1), ring.Reset(ref target, ref refused, OutOfRangePolicy.RefusePages));
        Assert.Equal([(9u, 7UL)], refused.Entries);
    }

    private static HashSet<ulong> Pages(List<ResetBatch> batches) =>
        [.. batches.SelectMany(batch => new ReferenceBatch(batch, 0, 0).Pages())];

    private sealed class Interruptions : IDisposable
    {
        public List<ResetBatch> Batches { get; } = [];

        public CancellationTokenSource Stop { get; private set; } = new();

        public int Calls { get; set; }

        public void Renew()
        {
            Dispose();
            Stop = new CancellationTokenSource();
        }

        public void Dispose() => Stop.Dispose();
    }

    private readonly struct InterruptedTarget(Interruption interruption, int at) : IResetTarget
    {
        public Interruptions Log { get; } = new();

        public ulong PagesIn(uint slot)
        {
            Interrupt(Interruption.ThrownBySlots);
            return OneSlot.GetValueOrDefault(slot);
        }

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            Interrupt(Interruption.ThrownByProtection);
            Log.Batches.Add(new ResetBatch(slot, baseOffset, mask));
        }

        private void Interrupt(Interruption thrownHere)
        {
            if (Log.Calls++ != at)
                return;
            if (interruption == Interruption.Cancelled)
                Log.Stop.Cancel();
            else if (interruption is Interruption.ThrownBySlots or Interruption.ThrownByProtection)
                throw new InvalidTimeZoneException($"{thrownHere}");
        }
    }
}
