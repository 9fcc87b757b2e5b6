using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.DirtyLogging.Writes;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Guest;

/// <summary>A vCPU that has recorded as many pages as it may leaves the guest until it may record more.</summary>
public sealed class DirtyQuotaTests
{
    private const ulong Pages = 1000;

    public static TheoryData<string> ExactNames => WrittenMachines.ExactNames;

    public static TheoryData<string> NamesWithoutQuota => WrittenMachines.NamesWithoutQuota;

    [Theory]
    [MemberData(nameof(ExactNames))]
    public void A_vcpu_leaves_at_its_quota_to_the_page_and_again_until_the_quota_is_raised(string name)
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        using VirtualMachine machine = WrittenMachines.Machine(name, memory);
        using IDirtyLog log = WrittenMachines.Log(name, machine);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        Assert.Equal(ulong.MaxValue, vcpu.DirtyQuota);
        vcpu.DirtyQuota = 7;
        StoreScript script = Touch(0, 50);

        Assert.Equal(VcpuExit.DirtyQuotaExhausted, vcpu.Run(ref script));
        Assert.Equal((7, 7ul), (script.Done, vcpu.DirtiedPages));
        Assert.Equal(VcpuExit.DirtyQuotaExhausted, vcpu.Run(ref script));
        Assert.Equal(7, DirtySet.Harvest(log).Count);
        Assert.Equal(VcpuExit.DirtyQuotaExhausted, vcpu.Run(ref script));
        Assert.Equal((7, 7ul), (script.Done, vcpu.DirtiedPages));

        vcpu.DirtyQuota = 8;
        Assert.Equal(VcpuExit.DirtyQuotaExhausted, vcpu.Run(ref script));
        Assert.Equal((8, 8ul), (script.Done, vcpu.DirtiedPages));
        vcpu.DirtyQuota = ulong.MaxValue;
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
        Assert.Equal((50ul, 0ul), (vcpu.DirtiedPages, machine.Vcpus[1].DirtiedPages));
        Assert.Equal(43, DirtySet.Harvest(log).Count);
        Assert.Equal(50ul, log.Statistics.VcpuPages);
        Assert.Equal((4ul, 0ul), (vcpu.Stalls.QuotaExits, machine.Vcpus[1].Stalls.QuotaExits));
    }

    [Theory]
    [MemberData(nameof(ExactNames))]
    public void A_store_across_two_pages_of_which_the_quota_covers_one_has_not_happened(string name)
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, Pages);
        using VirtualMachine machine = WrittenMachines.Machine(name, memory);
        using IDirtyLog log = WrittenMachines.Log(name, machine);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        vcpu.DirtyQuota = 1;
        var script = new StoreScript([((11ul << 12) - 4, ulong.MaxValue)]);
        Assert.Equal(VcpuExit.DirtyQuotaExhausted, vcpu.Run(ref script));
        Assert.Equal(-1, slot.Memory.AsSpan().IndexOfAnyExcept((byte)0));
        Assert.Equal([(0u, 10ul)], DirtySet.Harvest(log));

        // The harvest has protected the first page again, which costs another record.
        vcpu.DirtyQuota = 4;
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
        Assert.Equal([(0u, 10ul), (0u, 11ul)], DirtySet.Harvest(log));
    }

    [Theory]
    [MemberData(nameof(NamesWithoutQuota))]
    public void Where_the_page_table_records_there_is_no_quota(string name)
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 64);
        using VirtualMachine machine = WrittenMachines.Machine(name, memory);
        using IDirtyLog log = WrittenMachines.Log(name, machine);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        Assert.Throws<NotSupportedException>(() => vcpu.DirtyQuota = 5);
        Assert.Equal(ulong.MaxValue, vcpu.DirtyQuota);
        StoreScript script = Touch(0, 20);
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
        Assert.Equal((0ul, 0ul), (vcpu.DirtiedPages, log.Statistics.VcpuPages));
    }

    [Fact]
    public void A_processor_that_logs_by_itself_goes_at_most_one_log_beyond_the_quota()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 2000);
        using var machine = new VirtualMachine(memory, vcpus: 1, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog });
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        vcpu.DirtyQuota = 600;
        StoreScript script = Touch(0, 2000);
        Assert.Equal(VcpuExit.DirtyQuotaExhausted, vcpu.Run(ref script));
        Assert.InRange(vcpu.DirtiedPages, 600ul, 600ul + 511);
        Assert.Equal((ulong)script.Done, vcpu.DirtiedPages);
        Assert.Equal(VcpuExit.DirtyQuotaExhausted, vcpu.Run(ref script));
        vcpu.DirtyQuota = ulong.MaxValue;
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
        Assert.Equal(2000ul, vcpu.DirtiedPages);
        Assert.Equal(2000, DirtySet.Harvest(log).Count);
    }

    [Fact]
    public void Another_thread_may_lower_the_quota_of_a_vcpu_that_is_in_the_guest_and_raise_it()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        using var machine = new VirtualMachine(memory);
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        int exhausted = 0;
        VcpuExit last = VcpuExit.None;
        new Crew(TimeSpan.FromSeconds(30)).Run(("vCPU", RunVcpu), ("who sets quotas", SetQuotas));
        Assert.Equal(VcpuExit.Interrupted, last);
        Assert.Equal(1ul, vcpu.DirtiedPages);

        void RunVcpu()
        {
            var program = default(SamePage);
            while ((last = vcpu.Run(ref program)) == VcpuExit.DirtyQuotaExhausted)
                Interlocked.Increment(ref exhausted);
        }

        void SetQuotas()
        {
            var crew = new Crew(TimeSpan.FromSeconds(20));
            int idle = 0;
            while (vcpu.DirtiedPages == 0)
                crew.Idle(ref idle, "the first record");
            for (int round = 0; round < 100; round++)
            {
                int before = Volatile.Read(ref exhausted);
                vcpu.DirtyQuota = 1;
                while (Volatile.Read(ref exhausted) == before)
                    crew.Idle(ref idle, "the vCPU to leave");
                vcpu.DirtyQuota = 2;
            }

            vcpu.RequestStop();
        }
    }

    [Fact]
    public void A_full_ring_comes_before_an_exhausted_quota()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, ringEntries: 16, reservedEntries: 8);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        vcpu.DirtyQuota = 8;
        StoreScript script = Touch(0, 20);
        Assert.Equal(VcpuExit.DirtyRingFull, vcpu.Run(ref script));
        Assert.Equal(8, DirtySet.Harvest(log).Count);
        Assert.Equal(VcpuExit.DirtyQuotaExhausted, vcpu.Run(ref script));
        Assert.Equal(8, script.Done);
        vcpu.DirtyQuota = 100;
        Assert.Equal(VcpuExit.DirtyRingFull, vcpu.Run(ref script));
        Assert.Equal(16, script.Done);
    }

    [Fact]
    public void Stores_harvests_and_quotas_in_any_order_keep_to_the_model()
    {
        // A store to a page, a harvest (-1), or a quota of so many pages more (below -1).
        Gen<int[]> scripts = Gen.ArrayOf(Gen.Frequency((8, Gen.Choose(0, 19)), (1, Gen.Constant(-1)), (2, Gen.Choose(-8, -2))));
        foreach (string name in new[] { "flat, bitmap", "flat, ring", "stage 2, memslot", "write protection, kvm ring" })
        {
            Property property = Prop.ForAll(Arb.From(scripts), script => KeepsToTheModel(name, script));
            Props.Check(property, nameof(Stores_harvests_and_quotas_in_any_order_keep_to_the_model), maxTest: 100);
        }
    }

    private static void KeepsToTheModel(string name, int[] script)
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 20);
        using VirtualMachine machine = WrittenMachines.Machine(name, memory);
        using IDirtyLog log = WrittenMachines.Log(name, machine);
        log.Start();
        Vcpu vcpu = machine.Vcpus[0];
        var dirty = new SortedSet<(uint Slot, ulong Offset)>();
        ulong dirtied = 0, quota = ulong.MaxValue;
        foreach (int action in script)
        {
            switch (action)
            {
                case >= 0:
                    bool goes = dirtied < quota;
                    var store = new StoreScript([((ulong)action << 12, 1ul)]);
                    vcpu.Run(ref store);
                    Assert.Equal(goes ? 1 : 0, store.Done);
                    if (goes && dirty.Add((0, (ulong)action)))
                        dirtied++;
                    break;
                case -1:
                    Assert.Equal(dirty, DirtySet.Harvest(log));
                    dirty.Clear();
                    break;
                default:
                    quota = dirtied + (ulong)(-2 - action);
                    vcpu.DirtyQuota = quota;
                    break;
            }

            Assert.Equal(dirtied, vcpu.DirtiedPages);
        }
    }

    private static StoreScript Touch(int first, int count) => new([.. Enumerable.Range(first, count).Select(page => ((ulong)page << 12, (ulong)page + 1))]);

    private struct SamePage : IGuestProgram
    {
        public readonly VcpuExit Step(Vcpu vcpu) => vcpu.Store(0, 1ul);
    }
}
