using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyRings;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>A user may write anything into the entries that he has mapped: what KVM makes of it, and what a safe log does.</summary>
public sealed class HostileUserTests
{
    private static readonly Dictionary<uint, ulong> Slots = new() { [3] = 1000, [9] = 70 };

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
                        KvmRig.Reset(ring, fidelity, target);
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

    [Theory]
    [InlineData(0u)]
    [InlineData(0xFFFF_FFFEu)]
    public void Forged_flags_lead_no_harvest_of_the_log_away(uint lap)
    {
        using var memory = new GuestMemory();
        memory.AddSlot(3, 0, 1000);
        using var machine = new VirtualMachine(memory);
        var capabilities = new KvmCapabilities(KvmProfile.X86);
        Assert.Equal(Errno.None, capabilities.EnableCap(KvmCapability.DirtyLogRing, KvmRig.DirtyRingSize(1024)));
        using var log = new KvmDirtyLog(machine, capabilities, startIndex: lap * 1024);
        log.Start();
        Assert.Equal(Errno.None, log.MapRing(0, out KvmRingMapping? ring));

        // Dirty where nothing was pushed: once for the log's harvest, and once for the user's, who shares its index.
        ring!.Entries[0].Flags = DirtyGfn.Dirty;
        Assert.Empty(DirtySet.Harvest(log));
        StoreAndHarvest(0, 10);
        ring.Entries[10].Flags = DirtyGfn.Dirty;
        Assert.Equal(1, ring.Harvester.Harvest(new DirtyGfn[8]));
        StoreAndHarvest(10, 20);

        // Harvested, and reset, before a harvest has seen them.
        Store(20, 30);
        for (nuint i = 20; i < 30; i++)
            ring.Entries[i].Flags = DirtyGfn.Reset;
        Assert.Equal(10, log.ResetDirtyRings().Entries);
        StoreAndHarvest(30, 600);
        StoreAndHarvest(0, 1000);

        void StoreAndHarvest(ulong first, ulong end)
        {
            SortedSet<(uint Slot, ulong Offset)> pages = [];
            for (ulong page = first; page < end; page++)
            {
                while (GuestAction.Run(machine.Vcpus[0], self => self.Store(page << 12, page)) == VcpuExit.DirtyRingFull)
                {
                    SortedSet<(uint Slot, ulong Offset)> some = DirtySet.Harvest(log);
                    Assert.NotEmpty(some);
                    pages.UnionWith(some);
                }
            }

            pages.UnionWith(DirtySet.Harvest(log));
            Assert.Equal(end - first, (ulong)pages.Count);
        }

        void Store(ulong first, ulong end)
        {
            for (ulong page = first; page < end; page++)
                Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], self => self.Store(page << 12, page)));
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(4u)]
    [InlineData(0xFFFF_FFFDu)]
    public void Cleared_flags_of_what_was_pushed_stall_the_calls_and_not_the_logs_own_harvest(uint flags)
    {
        using var rig = new KvmRig(ringEntries: 256, vcpus: 2);
        rig.StoreAll(Enumerable.Range(0, 191).Select(page => (ulong)page));
        Assert.Equal(VcpuExit.None, rig.Store(700, vcpu: 1));
        KvmRingMapping ring = rig.Map();
        foreach (nuint entry in (nuint[])[3, 4, 100, 190])
            ring.Entries[entry].Flags = flags;

        // As in KVM the user waits for what is published already, and so does his vCPU. The other goes on.
        Assert.Equal(3, rig.Harvest().Count);
        Assert.Empty(rig.Harvest());
        Assert.Equal(3, rig.Log.ResetDirtyRings().Entries);
        Assert.Contains(VcpuExit.DirtyRingFull, Enumerable.Range(200, 10).Select(page => rig.Store((ulong)page)));
        Assert.Equal(VcpuExit.DirtyRingFull, rig.Store(300));
        Assert.Equal(VcpuExit.None, rig.Store(701, vcpu: 1));

        // The log knows how far the vCPU has come.
        SortedSet<(uint Slot, ulong Offset)> pages = DirtySet.Harvest(rig.Log);
        Assert.Equal(Enumerable.Range(3, 188).Select(page => (3u, (ulong)page)), pages.Where(page => page.Offset < 191));
        Assert.Superset(new HashSet<(uint, ulong)> { (3, 200), (3, 201), (3, 202), (3, 700), (3, 701) }, pages.ToHashSet());
        Assert.Equal(VcpuExit.None, rig.Store(300));
        Assert.Contains((3u, 300ul), DirtySet.Harvest(rig.Log));
    }

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
                entry.Flags = (uint)random.NextInt64();
                entry.Slot = random.Next(2) == 0 ? 3u : (uint)random.NextInt64();
                entry.Offset = (ulong)random.NextInt64(-70, 70);
                rig.Store((ulong)random.Next(1000));
                if (round % 10 == 0)
                    rig.Log.ResetDirtyRings();
            }

            Assert.True(rig.Log.Statistics.RefusedPages > 0);
        }
    }
}
