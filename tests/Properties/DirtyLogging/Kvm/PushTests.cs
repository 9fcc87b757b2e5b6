using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyRings;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>KVM's side of a ring: what is pushed, what is counted, and what happens when the ring is full.</summary>
public sealed class PushTests
{
    private static readonly Dictionary<uint, ulong> Slots = new() { [3] = 1000, [9] = 70 };

    // Known defect: PushOverwritesFullRing.
    [Theory]
    [InlineData(KvmFidelity.Faithful)]
    [InlineData(KvmFidelity.PushOverwritesFullRing)]
    public void P16_pushes_beyond_the_ring_overwrite_in_kvm_and_each_is_counted(KvmFidelity fidelity)
    {
        using var rig = new KvmRig(fidelity, ringEntries: 256);
        Assert.Equal(VcpuExit.None, MarkInOneStep(rig, 300));
        Assert.Equal(44ul, rig.Log.Losses.OverwrittenEntries);
        Assert.Equal(300u, rig.Log.Rings[0].Used);

        // The first 44 are gone, and their places have the last 44.
        List<(uint Slot, ulong Offset)> harvested = rig.Harvest();
        Assert.Equal([.. Enumerable.Range(256, 44), .. Enumerable.Range(44, 212)], harvested.Select(entry => (int)entry.Offset));
        Assert.Equal(256, rig.Log.ResetDirtyRings().Entries);

        // From here on the vCPU pushes 44 entries ahead of where its user waits: he finds nothing, and the vCPU never runs again.
        Assert.Equal(44u, rig.Log.Rings[0].Used);
        MarkInOneStep(rig, 148);
        Assert.Equal(192u, rig.Log.Rings[0].Used);
        Assert.Empty(rig.Harvest());
        Assert.Equal(0, rig.Log.ResetDirtyRings().Entries);
        Assert.Equal(VcpuExit.DirtyRingFull, rig.Store(500));
    }

    [Fact]
    public void P16_pushes_beyond_the_ring_go_elsewhere_in_a_safe_log_and_none_is_lost()
    {
        using var rig = new KvmRig(ringEntries: 256);
        Assert.Equal(VcpuExit.None, MarkInOneStep(rig, 300));
        Assert.Equal(default, rig.Log.Losses);
        Assert.Equal(256u, rig.Log.Rings[0].Used);
        Assert.Equal(256, rig.Harvest().Count);
        Assert.Equal(256, rig.Log.ResetDirtyRings().Entries);
        var rest = new DirtySet([]);
        Assert.Equal(44, rig.Log.HarvestVmRing(ref rest));
        Assert.Equal(Enumerable.Range(256, 44).Select(page => (3u, (ulong)page)), rest.Pages);
        Assert.Equal(0, rig.Log.HarvestVmRing(ref rest));

        // The same by the log's own harvest.
        Assert.Equal(VcpuExit.None, MarkInOneStep(rig, 300));
        Assert.Equal(VcpuExit.DirtyRingFull, rig.Store(500));
        Assert.Equal(300, DirtySet.Harvest(rig.Log).Count);
        Assert.Equal(VcpuExit.None, rig.Store(500));
        Assert.Equal([(3u, 500ul)], DirtySet.Harvest(rig.Log));
    }

    [Fact]
    public void P16_whatever_is_pushed_is_harvested_or_counted_as_lost() => Props.Check(
        Prop.ForAll<(byte, byte)[], bool>((steps, isSafe) =>
        {
            var ring = new KvmRing(16, reservedEntries: 4, isSafe ? KvmFidelity.Safe : KvmFidelity.Faithful, startIndex: 0xFFFF_FFF0);
            var user = new KvmRingMapping(ring);
            ulong pushed = 0, refused = 0, harvested = 0;
            var entries = new DirtyGfn[16];
            foreach ((byte step, byte count) in steps)
            {
                for (int i = 0; step % 2 == 0 && i < count % 20; i++)
                {
                    PushResult result = ring.Push(3, (uint)i);
                    pushed += result == PushResult.Full ? 0u : 1;
                    refused += result == PushResult.Full ? 1u : 0;
                }

                if (step % 2 == 0)
                    continue;
                harvested += (uint)user.Harvester.Harvest(entries);
                Reset(ring, KvmFidelity.Safe, new SlotsTarget(Slots));
            }

            // What an overwritten ring has still to give is out of step: it is in Used, and in no harvest.
            if (isSafe)
                return ring.Overwritten == 0 && pushed == harvested + ring.Used;
            return refused == 0 && (ring.Overwritten != 0 || pushed == harvested + ring.Used) && pushed >= harvested;
        }),
        nameof(P16_whatever_is_pushed_is_harvested_or_counted_as_lost),
        maxTest: 300);

    [Fact]
    public void P4_what_was_pushed_is_consumed_or_used() => Props.Check(
        Prop.ForAll<(byte, byte)[], (byte, bool)>((steps, kind) =>
        {
            uint start = kind.Item1 % 2 == 0 ? 0 : 0xFFFF_FFE0;
            KvmFidelity fidelity = kind.Item2 ? KvmFidelity.Safe : KvmFidelity.Faithful;
            var ring = new KvmRing(32, reservedEntries: 8, fidelity, start);
            var user = new KvmRingMapping(ring);
            uint pushed = 0, consumed = 0;
            foreach ((byte step, byte argument) in steps)
            {
                switch (step % 3)
                {
                    case 0:
                        for (int i = 0; i < argument % 24; i++)
                            pushed += ring.Push(3, argument) == PushResult.Full ? 0u : 1;
                        break;
                    case 1:
                        user.Harvester.Harvest(new DirtyGfn[argument % 40]);
                        break;
                    default:
                        var signal = new SignalAfter(argument % 20);
                        var counts = new KvmReset(Errno.None, 0);
                        var target = new SlotsTarget(Slots);
                        ring.Reset(ref target, ref signal, ref counts, argument % 3 == 0 ? 7 : int.MaxValue, fidelity);
                        consumed += (uint)counts.Entries;
                        break;
                }

                if (pushed != consumed + ring.Used || ring.Pushed - start != pushed || ring.Consumed - start != consumed)
                    return false;
            }

            return true;
        }),
        nameof(P4_what_was_pushed_is_consumed_or_used),
        maxTest: 300);

    // Known defect: RefusesWholeBatch.
    [Theory]
    [InlineData(KvmFidelity.Faithful)]
    [InlineData(KvmFidelity.RefusesWholeBatch)]
    [InlineData(KvmFidelity.Safe)]
    [InlineData(KvmFidelity.Faithful & ~KvmFidelity.RefusesWholeBatch)]
    public void A_page_outside_its_slot_takes_its_batch_along_in_kvm_and_goes_alone_here(KvmFidelity fidelity)
    {
        bool refusesAll = (fidelity & KvmFidelity.RefusesWholeBatch) != KvmFidelity.Safe;
        using var rig = new KvmRig(fidelity, ringEntries: 256);
        rig.StoreAll(990, 999, 998);
        rig.Map().Entries[2].Offset = 1005;
        rig.Harvest();
        Assert.Equal(new KvmReset(Errno.None, 3) { RefusedPages = refusesAll ? 3 : 1 }, rig.Log.ResetDirtyRings());
        Assert.Equal(refusesAll ? 3ul : 1, rig.Log.Statistics.RefusedPages);
        Assert.Equal(refusesAll, rig.IsUnseen(990));
        Assert.Equal(refusesAll, rig.IsUnseen(999));

        // Whose entry the user has forged he alone is to blame for.
        Assert.True(rig.IsUnseen(998));
    }

    // Known defect: TrustsHarvestedFlags.
    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    [InlineData(0xFFFF_FFFEu)]
    public void Entries_that_were_never_pushed_are_reset_by_kvm_and_stop_the_vcpu_for_ever(uint flags)
    {
        foreach (KvmFidelity fidelity in (KvmFidelity[])[KvmFidelity.Faithful, KvmFidelity.Safe])
        {
            bool trusts = fidelity == KvmFidelity.Faithful;
            using var rig = new KvmRig(fidelity, ringEntries: 1024);
            KvmRingMapping ring = rig.Map();
            for (nuint i = 0; i < 1024; i++)
                ring.Entries[i].Flags = flags;
            Assert.Equal(trusts ? 1024 : 0, rig.Log.ResetDirtyRings().Entries);
            Assert.Equal(trusts ? uint.MaxValue - 1023 : 0, rig.Log.Rings[0].Used);
            Assert.Equal(trusts ? 0ul : 1, rig.Log.Rings[0].ForgedResets);
            Assert.Equal(trusts ? VcpuExit.DirtyRingFull : VcpuExit.None, StoreTwice(rig));
            if (trusts)
                continue;
            Assert.Equal([(3u, 5ul), (3u, 6ul)], rig.Harvest());
            Assert.Equal(2, rig.Log.ResetDirtyRings().Entries);
        }

        // KVM acts on a soft limit when it next enters the guest: the first store is pushed.
        static VcpuExit StoreTwice(KvmRig rig)
        {
            rig.Store(5);
            return rig.Store(6);
        }
    }

    [Theory]
    [InlineData(2u, 1)]
    [InlineData(3u, 1)]
    [InlineData(0xFFFF_FFFEu, 1)]
    [InlineData(1u, 0)]
    [InlineData(0xFFFF_FFFDu, 0)]
    public void Bit_1_alone_says_harvested_and_junk_goes_with_the_next_push(uint flags, int entries)
    {
        using var rig = new KvmRig(KvmFidelity.Faithful, ringEntries: 256);
        rig.StoreAll(1);
        KvmRingMapping ring = rig.Map();
        ring.Entries[0].Flags = flags;
        Assert.Equal(flags == 1 ? 1 : 0, ring.Harvester.Borrow().Count);
        Assert.Equal(entries, rig.Log.ResetDirtyRings().Entries);
        Assert.Equal(entries == 1 ? 0 : flags, ring.Entries[0].Flags);
        for (ulong page = 2; entries == 1 && page < 258; page++)
            rig.Log.Rings[0].Push(3, page);
        Assert.Equal(entries == 1 ? 1 : flags, ring.Entries[0].Flags);
    }

    [Fact]
    public void P14_hostile_entries_touch_no_page_outside_a_slot_and_throw_nothing() => Props.Check(
        Prop.ForAll<(byte, byte, uint, ulong)[], bool>((steps, isSafe) =>
        {
            KvmFidelity fidelity = isSafe ? KvmFidelity.Safe : KvmFidelity.Faithful;
            var ring = new KvmRing(16, reservedEntries: 4, fidelity, startIndex: 0xFFFF_FFF0);
            var user = new KvmRingMapping(ring);
            var target = new SlotsTarget(Slots);
            foreach ((byte step, byte where, uint word, ulong offset) in steps)
            {
                ref DirtyGfn entry = ref user.Entries[where % 16u];
                switch (step % 8)
                {
                    case 0:
                        ring.Push(3, where);
                        break;
                    case 1:
                        user.Harvester.Harvest(new DirtyGfn[16]);
                        break;
                    case 2 or 3:
                        Reset(ring, fidelity, target);
                        break;
                    case 4:
                        entry.Flags = word;
                        break;
                    case 5:
                        entry.Slot = where % 3 == 0 ? word : 9;
                        break;
                    case 6:
                        entry.Offset = where % 3 == 0 ? offset : unchecked(0 - (ulong)where);
                        break;
                    default:
                        for (nuint i = 0; i < 16; i++)
                            user.Entries[i].Flags = 2;
                        break;
                }
            }

            return (target.Violations.Count == 0 && (!isSafe || ring.Used <= 16)).Label(target.Violations.FirstOrDefault() ?? $"used {ring.Used}");
        }),
        nameof(P14_hostile_entries_touch_no_page_outside_a_slot_and_throw_nothing),
        maxTest: 400,
        endSize: 200);

    [Fact]
    public void P14_a_hostile_user_of_a_running_machine_harms_no_other_slot_and_no_thread()
    {
        foreach (KvmFidelity fidelity in (KvmFidelity[])[KvmFidelity.Faithful, KvmFidelity.Safe])
        {
            using var rig = new KvmRig(fidelity, ringEntries: 256);
            var random = new Random(14);
            for (int round = 0; round < 2000; round++)
            {
                ref DirtyGfn entry = ref rig.Map().Entries[(nuint)random.Next(256)];
                (entry.Flags, entry.Slot, entry.Offset) = ((uint)random.NextInt64(), random.Next(2) == 0 ? 3u : (uint)random.NextInt64(), (ulong)random.NextInt64(-70, 70));
                rig.Store((ulong)random.Next(1000));
                if (round % 10 == 0)
                    rig.Log.ResetDirtyRings();
            }

            Assert.True(rig.Log.Statistics.RefusedPages > 0);
        }
    }

    // Golden cases of joining, and KVM's range check behind it: a batch is applied whole or not at all.
    [Fact]
    public void Every_golden_case_is_joined_as_recorded_by_either_way_of_recycling()
    {
        List<ResetVector> vectors = ResetVectorFile.Read(Path.Combine(AppContext.BaseDirectory, "DirtyRings", "reset-vectors.jsonl"));
        var everything = new Dictionary<uint, ulong>();
        foreach ((uint slot, _) in vectors.SelectMany(vector => vector.Entries))
            everything[slot] = 1UL << 40;
        foreach (ResetVector vector in vectors)
        {
            ResetBatch[] expected = [.. vector.Resets.Where(batch => batch.FitsIn(1UL << 40))];
            foreach (KvmFidelity fidelity in (KvmFidelity[])[KvmFidelity.Faithful, KvmFidelity.RefusesWholeBatch])
            {
                var ring = new KvmRing((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)vector.Entries.Length + 1), 0, fidelity);
                foreach ((uint slot, ulong offset) in vector.Entries)
                    ring.Push(slot, offset);
                new KvmRingMapping(ring).Harvester.Harvest(new DirtyGfn[ring.Capacity]);
                var target = new SlotsTarget(everything);
                Assert.Equal(vector.Count, Reset(ring, fidelity, target).Entries);
                Assert.Equal(expected, target.Calls);
                Assert.Empty(target.Violations);
            }
        }
    }

    private static KvmReset Reset(KvmRing ring, KvmFidelity fidelity, SlotsTarget target)
    {
        var signal = default(TokenSignal);
        var counts = new KvmReset(Errno.None, 0);
        ring.Reset(ref target, ref signal, ref counts, int.MaxValue, fidelity);
        return counts;
    }

    // What KVM itself writes for the vCPU, as emulated stores do, in one step of the guest.
    private static VcpuExit MarkInOneStep(KvmRig rig, ulong pages)
    {
        var program = new Emulated(rig, pages);
        VcpuExit exit = rig.Machine.Vcpus[0].Run(ref program);
        return program.IsDone ? VcpuExit.None : exit;
    }

    private struct Emulated(KvmRig rig, ulong pages) : IGuestProgram
    {
        public bool IsDone { get; private set; }

        public VcpuExit Step(Vcpu vcpu)
        {
            if (IsDone)
                return VcpuExit.Halted;
            for (ulong page = 0; page < pages; page++)
                Assert.Equal(Errno.None, rig.Log.MarkPageDirty(rig.Slot, page));
            IsDone = true;
            return VcpuExit.None;
        }
    }
}
