using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Properties.Support;
using Xunit;
using Xunit.Sdk;

namespace RingKit.Properties.HashTable.Harvesting;

/// <summary>The scenes in all eras by all methods, the bugs that they find, and what the fetch answers.</summary>
public sealed class HarvestTests
{
    private delegate void Scenario(HashTableEra era, HarvestMethod method, HashTableDefects defects);

    [Fact]
    public void A_page_whose_entry_was_removed_is_reported_once() => InAll(HarvestScenarios.RemovedBeforeTheFetch);

    [Fact]
    public void A_page_that_was_mapped_anew_is_reported_but_by_the_first_release() => InAll(HarvestScenarios.MappedAnewBeforeTheFetch);

    [Fact]
    public void C_that_a_processor_keeps_is_fetched_when_no_vcpu_runs() => InAll(HarvestScenarios.LateC);

    [Fact]
    public void All_of_a_large_page_is_reported() => InAll(HarvestScenarios.LargePage);

    [Fact]
    public void A_page_that_the_host_took_away_is_reported_once() => InAll(HarvestScenarios.PagedOut);

    [Fact]
    public void A_harvest_waits_for_a_locked_entry_with_empty_hands() => InAll(HarvestScenarios.LockedEntry);

    [Fact]
    public void An_invalid_entry_in_a_chain_is_let_go_of() => InAll(HarvestScenarios.InvalidInChain);

    [Fact]
    public void C_that_the_guest_cleared_is_reported_once() => InAll(HarvestScenarios.ClearMod);

    [Fact]
    public void Each_slot_gets_its_own_pages_and_those_that_do_not_log_keep_C() => InAll(HarvestScenarios.TwoSlots);

    [Fact]
    public void An_entry_is_cleaned_behind_a_tlbie() => InAll(HarvestScenarios.TlbieBeforeClean);

    [Fact]
    public void Each_past_bug_of_the_harvest_is_found()
    {
        HashTableEra era = HashTableEra.Current;
        foreach (HarvestMethod method in Enum.GetValues<HarvestMethod>())
        {
            Finds(HarvestScenarios.LateC, era, method, HashTableDefects.FinalHarvestTrustsC);
            Finds(HarvestScenarios.LargePage, era, method, HashTableDefects.LargePageCountsOnce);
            Finds(HarvestScenarios.LateC, era, method, HashTableDefects.HarvestWithoutTlbie);
            Finds(HarvestScenarios.TlbieBeforeClean, era, method, HashTableDefects.HarvestTakesRecordFirst);
        }

        Finds(HarvestScenarios.InvalidInChain, era, HarvestMethod.Walk, HashTableDefects.WalkKeepsLock);
        Finds(HarvestScenarios.RemovedBeforeTheFetch, era, HarvestMethod.Sweep, HashTableDefects.SweepIgnoresValid);
        Finds(HarvestScenarios.PagedOut, era, HarvestMethod.Sweep, HashTableDefects.SweepIgnoresValid);
        Finds(HarvestScenarios.LockedEntry, era, HarvestMethod.Sweep, HashTableDefects.SweepSkipsLocked);
        Finds(HarvestScenarios.TwoSlots, era, HarvestMethod.Sweep, HashTableDefects.SweepTakesEverySlot);
    }

    [Fact]
    public void A_fetch_refuses_as_kvm_does_and_changes_nothing()
    {
        using HarvestRig rig = HarvestScenarios.Rig(HashTableEra.Current);
        rig.Enter(HarvestScenarios.X, HarvestScenarios.XV, HarvestScenarios.XR);
        rig.Store(HarvestScenarios.X);
        var thread = new HarvestRig.Thread(rig);
        foreach (HarvestMethod method in Enum.GetValues<HarvestMethod>())
        {
            Assert.Equal(Errno.Invalid, rig.Core.GetDirtyLog(ref thread, 1, new byte[512], method, vcpusRun: true, out _));
            Assert.Equal(Errno.Invalid, rig.Core.GetDirtyLog(ref thread, uint.MaxValue, new byte[512], method, vcpusRun: true, out _));
            Assert.Equal(Errno.BadAddress, rig.Core.GetDirtyLog(ref thread, 0, new byte[511], method, vcpusRun: true, out _));
            Assert.Equal(Errno.BadAddress, rig.Core.GetDirtyLog(ref thread, 0, default, method, vcpusRun: true, out _));
        }

        rig.Expect(0, HarvestMethod.Walk, [0x42]);
        rig.Core.FindSlotById(0)!.StopLogging();
        Assert.Equal(Errno.NoEntry, rig.Core.GetDirtyLog(ref thread, 0, new byte[512], HarvestMethod.Walk, vcpusRun: true, out _));
    }

    [Fact]
    public void A_fetch_leaves_what_is_behind_the_bitmap_as_it_is()
    {
        using HarvestRig rig = HarvestScenarios.Rig(HashTableEra.Current);
        byte[] buffer = new byte[520];
        buffer.AsSpan().Fill(0xAA);
        var thread = new HarvestRig.Thread(rig);
        Assert.Equal(Errno.None, rig.Core.GetDirtyLog(ref thread, 0, buffer, HarvestMethod.Sweep, vcpusRun: true, out _));
        Assert.Equal(-1, buffer.AsSpan(0, 512).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, buffer.AsSpan(512).IndexOfAnyExcept((byte)0xAA));
    }

    [Fact]
    public void The_start_of_a_log_clears_C_but_since_4_15()
    {
        foreach (HashTableEra era in Enum.GetValues<HashTableEra>())
        {
            using var rig = new HarvestRig(HarvestScenarios.Options(era), (0, 4096));
            rig.Enter(HarvestScenarios.X, HarvestScenarios.XV, HarvestScenarios.XR);
            rig.Store(HarvestScenarios.X);
            rig.Enter(0x999, HarvestScenarios.XV + 0x80, 0x0000000000431192);
            rig.Store(0x999);
            rig.Remove(0x999);
            rig.StartLogging(0);
            rig.Expect(0, HarvestMethod.Walk, era == HashTableEra.Current ? [0x42] : []);
            rig.Store(HarvestScenarios.X);
            rig.Expect(0, HarvestMethod.Sweep, [0x42]);
        }
    }

    [Fact]
    public void What_a_sink_refuses_is_in_the_next_harvest()
    {
        using HarvestRig rig = HarvestScenarios.Rig(HashTableEra.Current);
        rig.Enter(HarvestScenarios.X, HarvestScenarios.XV, HarvestScenarios.XR);
        rig.Store(HarvestScenarios.X);
        var thread = new HarvestRig.Thread(rig);
        var sink = default(RefusingSink);
        Assert.Throws<InvalidOperationException>(
            () => rig.Core.Harvest(ref thread, rig.Core.Slots[0], HarvestMethod.Sweep, vcpusRun: true, ref sink));
        rig.Expect(0, HarvestMethod.Walk, [0x42]);
    }

    [Fact]
    public void A_harvest_allocates_nothing()
    {
        foreach (HashTableEra era in Enum.GetValues<HashTableEra>())
        {
            using HarvestRig rig = HarvestScenarios.Rig(era);
            rig.Enter(HarvestScenarios.X, HarvestScenarios.XV, HarvestScenarios.XR);
            byte[] bitmap = new byte[512];
            foreach (HarvestMethod method in Enum.GetValues<HarvestMethod>())
                Assert.Equal(0, Allocated.By(() => StoreAndGet(rig, bitmap, method)));
            rig.Core.LogsByFaults = true;
            Assert.Equal(0, Allocated.By(() => StoreAndGet(rig, bitmap, HarvestMethod.Walk)));
        }
    }

    private static void StoreAndGet(HarvestRig rig, byte[] bitmap, HarvestMethod method)
    {
        var thread = new QuietThread();
        rig.Table.SetByHardware(HarvestScenarios.X, HpteR.Changed);
        rig.Core.GetDirtyLog(ref thread, 0, bitmap, method, vcpusRun: false, out _);
    }

    private static void InAll(Scenario scenario)
    {
        foreach (HashTableEra era in Enum.GetValues<HashTableEra>())
        {
            foreach (HarvestMethod method in Enum.GetValues<HarvestMethod>())
                scenario(era, method, HashTableDefects.None);
        }
    }

    private static void Finds(Scenario scenario, HashTableEra era, HarvestMethod method, HashTableDefects defect) =>
        Assert.ThrowsAny<XunitException>(() => scenario(era, method, defect));

    private struct RefusingSink : IHashSlotSink
    {
        public readonly void Accept(MemorySlot slot, ulong word, ulong mask) => throw new InvalidOperationException("No.");
    }

    private struct QuietThread : IHostThread
    {
        public readonly void Relax()
        {
        }

        public readonly void Tlbie(scoped ReadOnlySpan<ulong> indices)
        {
        }
    }
}
