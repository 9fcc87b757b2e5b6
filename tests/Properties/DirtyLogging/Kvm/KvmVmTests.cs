using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>vCPUs and slots come in any order, until the machine is built.</summary>
public sealed class KvmVmTests
{
    private const KvmSlotTraits None = KvmSlotTraits.None, Logged = KvmSlotTraits.LogDirtyPages;

    [Fact]
    public void Slots_are_made_moved_flagged_and_deleted()
    {
        using var vm = new KvmVm(KvmProfile.X86);
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, None, 0x1000, 0x2000));
        Assert.Equal(Errno.Exists, vm.SetUserMemoryRegion(2, None, 0x2000, 0x1000));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(2, None, 0x3000, 0x1000));
        Assert.Equal(Errno.Exists, vm.SetUserMemoryRegion(2, None, 0x2000, 0x1000));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(2, None, 0x8000, 0x1000));
        Assert.Equal(Errno.Invalid, vm.SetUserMemoryRegion(2, None, 0x8000, 0x2000));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(2, Logged, 0x8000, 0x1000));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, None, 0, 0));
        Assert.Equal(Errno.Invalid, vm.SetUserMemoryRegion(1, None, 0, 0));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, None, 0x1000, 0x3000));
        vm.CreateVcpu();
        vm.CreateVcpu();
        KvmDirtyLog log = vm.Build();
        Assert.Equal(
            [(2u, 8ul, 1ul, true), (1u, 1ul, 3ul, false)],
            vm.Machine!.Memory.Slots.Select(slot => (slot.Id, slot.BaseGfn, slot.PageCount, slot.LogsDirtyPages)));
        Assert.Equal(2, vm.Machine.Vcpus.Length);
        Assert.Same(log, vm.Machine.DirtyLog);
    }

    [Theory]
    [InlineData(1, 0, 0x1001ul, 0ul)]
    [InlineData(1, 0, 0x1000ul, 0x800ul)]
    [InlineData(1, 2, 0x1000ul, 0x1000ul)]
    [InlineData(0x1_0001, 0, 0x1000ul, 0x1000ul)]
    [InlineData(32764, 0, 0x1000ul, 0x1000ul)]
    [InlineData(1, 0, 0x1000ul, ulong.MaxValue - 0xFFF)]
    [InlineData(1, 0, 0ul, 1ul << 43)]
    public void Slots_that_kvm_refuses(uint slot, int flags, ulong address, ulong size)
    {
        using var vm = new KvmVm(KvmProfile.X86);
        Assert.Equal(Errno.Invalid, vm.SetUserMemoryRegion(slot, (KvmSlotTraits)flags, address, size));
    }

    [Fact]
    public void After_the_build_flags_change_and_there_are_no_other_slots()
    {
        using var vm = new KvmVm(KvmProfile.X86 with { AddressSpaces = 2 });
        Assert.Throws<InvalidOperationException>(() => vm.Build());
        vm.CreateVcpu();
        vm.SetUserMemoryRegion(1, None, 0, 0x4000);
        Assert.Throws<ArgumentOutOfRangeException>("slot", () => vm.SetUserMemoryRegion(0x1_0001, None, 0, 0x4000));
        KvmDirtyLog log = vm.Build();
        Assert.Equal(Errno.NoEntry, log.GetDirtyLog(1, new byte[8]));
        Assert.Equal(Errno.NoEntry, log.GetDirtyLog(0x1_0001, new byte[8]));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, Logged, 0, 0x4000));
        Assert.Equal(Errno.None, log.GetDirtyLog(1, new byte[8]));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, None, 0, 0x4000));
        Assert.Equal(Errno.NoEntry, log.GetDirtyLog(1, new byte[8]));
        Assert.Equal(Errno.Invalid, log.SetLogging(2, true));
        Assert.Equal(Errno.Invalid, log.SetLogging(uint.MaxValue, true));
        Assert.Throws<InvalidOperationException>(() => vm.SetUserMemoryRegion(2, None, 0x10000, 0x1000));
        Assert.Equal(Errno.Invalid, vm.SetUserMemoryRegion(1, None, 0, 0x1000));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, None, 0, 0));
        Assert.Throws<InvalidOperationException>(() => vm.SetUserMemoryRegion(1, None, 0, 0x1000));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, None, 0, 0x4000));
        Assert.Throws<InvalidOperationException>(() => vm.CreateVcpu());
        Assert.Throws<InvalidOperationException>(() => vm.Build());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_slot_that_is_deleted_takes_its_bitmap_and_leaves_its_entries(bool hasRings)
    {
        using var vm = new KvmVm(KvmProfile.X86, KvmFidelity.Faithful);
        KvmDirtyLog log = Build(vm, hasRings, 0x4000, 0x4000);
        Store(vm, 1, 2, 5);
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, None, 0, 0));
        Assert.Equal(Errno.Invalid, vm.SetUserMemoryRegion(1, None, 0, 0));
        Assert.Equal(hasRings ? Errno.NoDevice : Errno.NoEntry, log.GetDirtyLog(1, new byte[8]));
        Assert.Equal(VcpuExit.NoMemory, GuestAction.Run(vm.Machine!.Vcpus[0], self => self.Store(0x1000, 1ul)));

        // What it had is in the harvest of a ring alone. It comes back with its bytes, logged anew from its first store on.
        (uint, ulong)[] left = hasRings ? [(1, 1), (1, 2), (2, 1)] : [(2, 1)];
        Assert.Equal(left, DirtySet.Harvest(log));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, Logged, 0, 0x4000));
        byte[] found = new byte[8];
        Assert.Equal(VcpuExit.None, GuestAction.Run(vm.Machine.Vcpus[0], self => self.Load(0x2000, found)));
        Assert.Equal(2, BitConverter.ToInt64(found));
        Store(vm, 2, 3);
        Assert.Equal([(1u, 2ul), (1u, 3ul)], DirtySet.Harvest(log));
    }

    [Fact]
    public void A_reset_refuses_entries_of_a_slot_that_was_deleted_and_counts_them()
    {
        using var vm = new KvmVm(KvmProfile.X86, KvmFidelity.Faithful);
        KvmDirtyLog log = Build(vm, hasRings: true, 0x4000, 0x4000);
        log.MapRing(0, out KvmRingMapping? ring);
        Store(vm, 1, 2, 5);
        Assert.Equal(3, ring!.Harvester.Harvest(new RingKit.DirtyRings.DirtyGfn[8]));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, None, 0, 0));
        KvmReset reset = log.ResetDirtyRings();
        Assert.Equal((Errno.None, 3, 2), (reset.Error, reset.Entries, reset.RefusedPages));
        Store(vm, 5);
        Assert.Equal([(2u, 1ul)], DirtySet.Harvest(log));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_slot_that_moves_keeps_what_its_log_has_and_records_each_page_anew(bool hasRings)
    {
        using var vm = new KvmVm(KvmProfile.X86, KvmFidelity.Faithful);
        KvmDirtyLog log = Build(vm, hasRings, 0x4000, 0x4000);
        Store(vm, 1, 2);
        Assert.Equal(Errno.Exists, vm.SetUserMemoryRegion(1, Logged, 0x7000, 0x4000));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, Logged, 0x10_0000, 0x4000));
        Assert.Equal(0x100ul, vm.Machine!.Memory.FindById(1)!.BaseGfn);
        Assert.Equal(VcpuExit.NoMemory, GuestAction.Run(vm.Machine.Vcpus[0], self => self.Store(0x1000, 1ul)));
        Store(vm, 0x102, 0x103);
        if (hasRings)
            Assert.Equal(4u, log.Rings[0].Pushed);
        Assert.Equal([(1u, 1ul), (1u, 2ul), (1u, 3ul)], DirtySet.Harvest(log));
        Store(vm, 0x103);
        Assert.Equal([(1u, 3ul)], DirtySet.Harvest(log));

        // Where it was there is room for another; and deleted, it may come back anywhere, logged or not.
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(2, Logged, 0x1000, 0x4000));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, None, 0, 0));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(2, Logged, 0x10_1000, 0x4000));
        Store(vm, 0x101, 0x102);
        Assert.Equal([(2u, 0ul), (2u, 1ul)], DirtySet.Harvest(log));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(2, Logged, 0x1000, 0x4000));
        Assert.Equal(Errno.Exists, vm.SetUserMemoryRegion(1, None, 0x4000, 0x4000));
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(1, None, 0x8000, 0x4000));
        Store(vm, 1, 8, 9);
        Assert.Equal([(2u, 0ul)], DirtySet.Harvest(log));
    }

    [Fact]
    public void A_slot_moves_over_the_plainest_page_table_alone_and_while_no_vcpu_is_in_the_guest()
    {
        using var plain = new KvmVm(KvmProfile.X86);
        Build(plain, hasRings: false, 0x4000);
        GuestAction.Run(plain.Machine!.Vcpus[0], _ =>
        {
            Assert.Throws<InvalidOperationException>(() => plain.SetUserMemoryRegion(1, Logged, 0x10_0000, 0x4000));
            return VcpuExit.Halted;
        });
        Assert.Equal(0ul, plain.Machine.Memory.FindById(1)!.BaseGfn);

        using var arm64 = new KvmVm(KvmProfile.Arm64);
        arm64.SetUserMemoryRegion(1, Logged, 0, 0x4000);
        arm64.CreateVcpu();
        KvmDirtyLog log = arm64.Build(new Stage2Options());
        Assert.Throws<InvalidOperationException>(() => arm64.SetUserMemoryRegion(1, Logged, 0x10_0000, 0x4000));
        Store(arm64, 1);
        Assert.Equal(Errno.None, arm64.SetUserMemoryRegion(1, None, 0, 0));
        Assert.Equal(Errno.None, arm64.SetUserMemoryRegion(1, Logged, 0, 0x4000));
        Assert.Empty(DirtySet.Harvest(log));
        Store(arm64, 1);
        Assert.Equal([(1u, 1ul)], DirtySet.Harvest(log));
    }

    [Fact]
    public void The_page_table_is_chosen_when_the_machine_is_built()
    {
        using var arm64 = new KvmRig(profile: KvmProfile.Arm64, ringEntries: 256, stage2: new Stage2Options());
        Assert.NotNull(arm64.Machine.Stage2);
        arm64.StoreAll(7);
        Assert.Equal([(3u, 7ul)], arm64.Harvest());

        // A processor that logs needs the room that the profile says.
        var tdp = new TdpOptions { LogMethod = TdpLogMethod.ModificationLog };
        Assert.Throws<ArgumentException>("capabilities", () => new KvmRig(ringEntries: 1024, tdp: tdp));
        using var x86 = new KvmRig(ringEntries: 1024, tdp: tdp, profile: KvmProfile.X86 with { HardwareLogEntries = 512 });
        Assert.NotNull(x86.Machine.Tdp);
        Assert.Equal(1024u - 512 - 64, x86.Log.Rings[0].SoftLimit);
    }

    [Fact]
    public void A_machine_has_so_many_vcpus_and_no_more()
    {
        using var vm = new KvmVm(KvmProfile.X86);
        for (int i = 0; i < VirtualMachine.MaximumVcpus; i++)
            Assert.Equal(Errno.None, vm.CreateVcpu());
        Assert.Equal(Errno.Invalid, vm.CreateVcpu());
    }

    [Fact]
    public void A_log_that_is_disposed_answers_no_more()
    {
        using var rig = new KvmRig(ringEntries: 256);
        KvmRingMapping mapping = rig.Map();
        rig.Log.Dispose();
        Assert.Throws<ObjectDisposedException>(() => rig.Log.ResetDirtyRings());
        Assert.Throws<ObjectDisposedException>(() => rig.Log.GetDirtyLog(3, []));
        Assert.Throws<ObjectDisposedException>(() => rig.Log.ClearDirtyLog(3, 0, 0, []));
        Assert.Throws<ObjectDisposedException>(() => rig.Log.SetLogging(3, true));
        Assert.Throws<ObjectDisposedException>(() => rig.Log.KickVcpus());
        Assert.Equal(VcpuExit.None, rig.Store(1));

        // The user's mapping outlives it.
        Assert.Equal(0u, mapping.Entries[0].Flags);
        Assert.Equal(0, mapping.Harvester.Harvest(new RingKit.DirtyRings.DirtyGfn[1]));
    }

    // Slots from 1 on, one behind the other, all of them logged.
    private static KvmDirtyLog Build(KvmVm vm, bool hasRings, params ulong[] sizes)
    {
        if (hasRings)
            Assert.Equal(Errno.None, vm.EnableCap(KvmCapability.DirtyLogRingAcqRel, 4096));
        ulong address = 0;
        for (uint slot = 1; slot <= sizes.Length; address += sizes[slot - 1], slot++)
            Assert.Equal(Errno.None, vm.SetUserMemoryRegion(slot, Logged, address, sizes[slot - 1]));
        vm.CreateVcpu();
        return vm.Build();
    }

    private static void Store(KvmVm vm, params ulong[] frames)
    {
        foreach (ulong gfn in frames)
            Assert.Equal(VcpuExit.None, GuestAction.Run(vm.Machine!.Vcpus[0], self => self.Store(gfn << 12, gfn)));
    }
}
