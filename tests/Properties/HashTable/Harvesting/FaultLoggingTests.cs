using RingKit.Mmu;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypercalls;
using Xunit;

namespace RingKit.Properties.HashTable.Harvesting;

/// <summary>The log of faults under hypercalls, faults and page-outs as the hypervisor does them.</summary>
public sealed class FaultLoggingTests
{
    private const int Pages = 8;

    [Fact]
    public void H_enter_installs_read_only_a_store_mends_it_and_h_protect_grants_nothing()
    {
        foreach (HashTableEra era in Enum.GetValues<HashTableEra>())
        {
            using FaultMachine machine = Machine(era);
            ulong index = machine.Enter(FaultMachine.X, FaultMachine.XGuestR);
            Assert.False(machine.Entry(index).IsWritable);
            machine.Access(FaultMachine.X, store: false);
            Assert.False(machine.Entry(index).IsWritable);
            Assert.Empty(Get(machine));

            machine.Access(FaultMachine.X, store: true);
            Assert.True(machine.Entry(index).IsWritable);
            Assert.Equal([0x42UL], Get(machine));
            Assert.False(machine.Entry(index).IsWritable);

            FaultThread thread = machine.Thread;
            Assert.Equal(HypercallStatus.Success, machine.Core.Protect(ref thread, HpteR.PpReadOnly, index, 0));
            Assert.Equal(HypercallStatus.Success, machine.Core.Protect(ref thread, 2, index, 0));
            Assert.False(machine.Entry(index).IsWritable);
            Assert.Empty(Get(machine));
            machine.Access(FaultMachine.X, store: true);
            Assert.Equal([0x42UL], Get(machine));
        }
    }

    [Fact]
    public void A_store_to_a_page_that_is_out_is_recorded_and_a_load_is_not()
    {
        using FaultMachine machine = Machine(HashTableEra.ChangedBit);
        ulong index = machine.Enter(FaultMachine.X, FaultMachine.XGuestR & ~HpteR.Changed);
        machine.PageOut(0x42);
        Assert.True(machine.Entry(index).IsAbsent);
        machine.Access(FaultMachine.X, store: false);
        Assert.False(machine.Entry(index).IsWritable);
        Assert.Empty(Get(machine));
        machine.PageOut(0x42);
        machine.Access(FaultMachine.X, store: true);
        Assert.True(machine.Entry(index).IsWritable);
        Assert.Equal([0x42UL], Get(machine));
    }

    [Fact]
    public void A_page_that_the_hypervisor_zeroes_is_recorded()
    {
        foreach (HashTableEra era in Enum.GetValues<HashTableEra>())
        {
            using FaultMachine machine = Machine(era);
            ulong index = machine.Enter(FaultMachine.X, FaultMachine.XGuestR);
            Zero(machine, 0x42);
            Assert.False(machine.Entry(index).IsWritable);
            Assert.Equal([0x42UL], Get(machine));
            Assert.Empty(Get(machine));
        }
    }

    [Fact]
    public void A_store_behind_the_start_is_not_forgotten_by_it()
    {
        foreach (HashTableEra era in Enum.GetValues<HashTableEra>())
        {
            using FaultMachine machine = Machine(era);
            machine.Slot.StopLogging();
            ulong first = machine.Enter(FaultMachine.X, FaultMachine.XGuestR);
            ulong last = machine.Enter(FaultMachine.X with { Address = 0x10030000 }, FaultMachine.XGuestR + 0x10000);
            Assert.True(machine.Entry(first).IsWritable && machine.Entry(last).IsWritable);

            // The start has made the first page's entry read-only and is at the last one's when a store faults on the first.
            machine.WhenInvalidating = index =>
            {
                if (index != last)
                    return;
                machine.WhenInvalidating = null;
                Assert.False(machine.Entry(first).IsWritable);
                machine.Access(FaultMachine.X, store: true);
            };
            FaultThread thread = machine.Thread;
            machine.Core.StartLogging(ref thread, machine.Slot);
            Assert.Null(machine.WhenInvalidating);
            machine.Access(FaultMachine.X, store: true);
            Assert.Equal([0x42UL], Get(machine));
            Assert.False(machine.Entry(first).IsWritable || machine.Entry(last).IsWritable);
        }
    }

    [Fact]
    public void Every_store_is_in_the_next_harvest()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            using FaultMachine machine = Machine((HashTableEra)random.Next(4));
            var stored = new HashSet<ulong>();
            for (int step = 0; step < 300; step++)
                Step(machine, random, stored, $"seed {seed}, step {step}");
        }
    }

    private static void Step(FaultMachine machine, Random random, HashSet<ulong> stored, string where)
    {
        // Two addresses for each page.
        ulong page = (ulong)random.Next(Pages);
        var address = new VirtualAddress(0x123456, 0x10000000 + (page << 16) + ((ulong)random.Next(2) << 22), 16, IsOneTebibyteSegment: false);
        bool known = machine.Core.TryTranslate(address, out ulong index, out _) || machine.Entry(machine.IndexOf(address)).IsAbsent;
        index = machine.IndexOf(address);
        FaultThread thread = machine.Thread;
        switch (random.Next(12))
        {
            case < 2 when !known:
                machine.Enter(address, (page << 16) | 0x1112);
                break;
            case < 6 when known:
                bool stores = random.Next(2) == 0;
                machine.Access(address, stores);
                if (stores)
                    stored.Add(page);
                break;
            case 6 when known:
                machine.Core.Remove(ref thread, 0, index, 0);
                break;
            case 7:
                machine.PageOut(page);
                break;
            case 8 when known:
                machine.Core.Protect(ref thread, HpteR.PpReadOnly, index, 0);
                machine.Core.Protect(ref thread, 2, index, 0);
                break;
            case 9:
                ulong[] missing = [.. stored.Except(Get(machine))];
                Assert.True(missing.Length == 0, $"{where}: pages {string.Join(", ", missing)} were stored to and are not reported.");
                stored.Clear();
                break;
            case 10:
                Zero(machine, page);
                stored.Add(page);
                break;
            case 11 when random.Next(40) == 0:
                Assert.Equal(Errno.None, ResizeTests.Resize(machine, order: 18));
                break;
            case 11 when random.Next(4) == 0:
                // All pages are copied when a log has started.
                machine.Slot.StopLogging();
                machine.Core.StartLogging(ref thread, machine.Slot);
                stored.Clear();
                break;
        }
    }

    private static void Zero(FaultMachine machine, ulong page)
    {
        FaultThread thread = machine.Thread;
        Assert.Equal(HypercallStatus.Success, machine.Core.PageInit(ref thread, HypercallFlags.ZeroPage, page << 16, 0));
    }

    private static FaultMachine Machine(HashTableEra era)
    {
        var machine = new FaultMachine(HarvestScenarios.Options(era));
        machine.Core.LogsByFaults = true;
        FaultThread thread = machine.Thread;
        machine.Core.StartLogging(ref thread, machine.Slot);
        return machine;
    }

    private static ulong[] Get(FaultMachine machine)
    {
        byte[] bitmap = new byte[512];
        FaultThread thread = machine.Thread;
        Assert.Equal(Errno.None, machine.Core.GetDirtyLog(ref thread, 1, bitmap, HarvestMethod.Walk, vcpusRun: true, out _));
        return HarvestRig.PagesOf(bitmap);
    }
}
