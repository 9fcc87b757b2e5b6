using RingKit.DirtyRings;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>Machines: slots, capabilities and vCPUs, what KVM refuses of them, and that nothing is left of them.</summary>
public sealed class KvmMachineTests
{
    private const uint RingBytes = 4096 * DirtyGfn.SizeInBytes;

    [Fact]
    public void Slots_are_refused_as_kvm_refuses_them()
    {
        Kernel.Need();
        using KvmMachine machine = NewMachine();
        using var block = new NativeBlock<byte>(16 * GuestPage.Size, GuestPage.Size);
        NativeView<byte> memory = block.View;
        Assert.Throws<ArgumentException>(() => machine.SetMemoryRegion(0, KvmSlotTraits.None, 0, memory.Slice(0, 0)));
        Assert.Equal(Errno.Invalid, machine.SetMemoryRegion(0, KvmSlotTraits.None, 100, memory));
        Assert.Equal(Errno.Invalid, machine.SetMemoryRegion(0, KvmSlotTraits.None, 0, memory.Slice(0, 100)));
        Assert.Equal(Errno.Invalid, machine.SetMemoryRegion(0, (KvmSlotTraits)(1 << 20), 0, memory));
        Assert.Equal(Errno.Invalid, machine.SetMemoryRegion(40_000, KvmSlotTraits.None, 0, memory));
        Assert.Equal(Errno.Invalid, machine.DeleteMemoryRegion(0));
        Assert.Equal(Errno.NoEntry, machine.SetSlotTraits(0, KvmSlotTraits.LogDirtyPages));
        Assert.Equal(Errno.None, machine.SetMemoryRegion(0, KvmSlotTraits.None, 0, memory.Slice(0, 8 * GuestPage.Size)));
        Assert.Equal(Errno.Exists, machine.SetMemoryRegion(1, KvmSlotTraits.None, 4 * GuestPage.Size, memory.Slice(8 * GuestPage.Size, 8 * GuestPage.Size)));
        Assert.Equal(Errno.Invalid, machine.SetMemoryRegion(0, KvmSlotTraits.None, 0, memory));
        Assert.Equal(Errno.None, machine.SetSlotTraits(0, KvmSlotTraits.LogDirtyPages));
        Assert.Equal(Errno.Invalid, machine.SetSlotTraits(0, (KvmSlotTraits)(1 << 20)));
        Assert.Equal(Errno.None, machine.DeleteMemoryRegion(0));
        Assert.Equal(Errno.None, machine.SetMemoryRegion(1, KvmSlotTraits.None, 0, memory));
    }

    [Fact]
    public void A_slot_keeps_its_memory_until_it_is_gone()
    {
        Kernel.Need();
        using KvmMachine machine = NewMachine();
        var block = new NativeBlock<byte>(GuestPage.Size, GuestPage.Size);
        NativeView<byte> memory = block.View;
        Assert.Equal(Errno.None, machine.SetMemoryRegion(0, KvmSlotTraits.None, 0, memory));
        block.Dispose();
        using (memory.Lease())
            memory[0] = 1;
        Assert.Equal(Errno.None, machine.DeleteMemoryRegion(0));
        Assert.Throws<ObjectDisposedException>(() => memory.Lease());
        Assert.Throws<ObjectDisposedException>(() => machine.SetMemoryRegion(0, KvmSlotTraits.None, 0, memory));
    }

    [Fact]
    public void Rings_are_enabled_once_and_before_there_are_vcpus()
    {
        Kernel.Need();
        using KvmMachine machine = NewMachine();
        uint largest = (uint)machine.CheckExtension(KvmCapability.DirtyLogRingAcqRel);
        Assert.Equal(Errno.Invalid, machine.EnableCap(KvmCapability.DirtyLogRingAcqRel, 0));
        Assert.Equal(Errno.Invalid, machine.EnableCap(KvmCapability.DirtyLogRingAcqRel, RingBytes + 16));
        Assert.Equal(Errno.TooBig, machine.EnableCap(KvmCapability.DirtyLogRingAcqRel, 2 * largest));
        Assert.Equal(0, machine.RingEntries);
        Assert.Equal(Errno.Invalid, machine.ResetDirtyRings(out _));
        Assert.Equal(Errno.None, machine.EnableCap(KvmCapability.DirtyLogRing, RingBytes));
        Assert.Equal(4096, machine.RingEntries);
        Assert.Equal(Errno.Invalid, machine.EnableCap(KvmCapability.DirtyLogRingAcqRel, RingBytes));
        Assert.Equal(Errno.None, machine.CreateVcpu(0, out KvmVcpu? vcpu));
        Assert.Equal((true, 4096), (vcpu!.HasRing, vcpu.RingEntries));
        Assert.Equal(Errno.NoDevice, machine.GetDirtyLog(0, new ulong[1]));
        Assert.Equal(Errno.NoDevice, machine.ClearDirtyLog(0, 0, 0, []));

        using KvmMachine other = NewMachine();
        Assert.Equal(Errno.None, other.CreateVcpu(0, out vcpu));
        Assert.Equal((false, 0), (vcpu!.HasRing, vcpu.RingEntries));
        Assert.Throws<InvalidOperationException>(() => vcpu.Harvester);
        Assert.Equal(Errno.Exists, other.CreateVcpu(0, out KvmVcpu? second));
        Assert.Null(second);
        Assert.Equal(Errno.Invalid, other.EnableCap(KvmCapability.DirtyLogRingAcqRel, RingBytes));
        Assert.Single(other.Vcpus);
    }

    [Fact]
    public void Bitmaps_are_fetched_and_cleared_with_kvms_errors()
    {
        Kernel.Need(KvmLogForm.Manual);
        using KvmMachine machine = NewMachine();
        using var block = new NativeBlock<byte>(1000 * GuestPage.Size, GuestPage.Size);
        Assert.Equal(Errno.None, machine.EnableCap(KvmCapability.ManualDirtyLogProtect2, (ulong)(ManualProtect.Enabled | ManualProtect.InitiallySet)));
        Assert.Equal(Errno.Invalid, machine.EnableCap(KvmCapability.ManualDirtyLogProtect2, 4));
        ulong[] words = new ulong[16];
        Assert.Equal(Errno.NoEntry, machine.GetDirtyLog(0, words));
        Assert.Equal(Errno.Invalid, machine.GetDirtyLog(40_000, words));
        Assert.Equal(Errno.None, machine.SetMemoryRegion(0, KvmSlotTraits.None, 0, block.View));
        Assert.Equal(Errno.NoEntry, machine.GetDirtyLog(0, words));
        Assert.Equal(Errno.None, machine.SetSlotTraits(0, KvmSlotTraits.LogDirtyPages));
        Assert.Throws<ArgumentException>(() => machine.GetDirtyLog(0, new ulong[15]));
        Assert.Throws<ArgumentException>(() => machine.ClearDirtyLog(0, 64, 128, new ulong[1]));
        Assert.Equal(Errno.None, machine.GetDirtyLog(0, words));
        Assert.All(words[..15], word => Assert.Equal(ulong.MaxValue, word));
        Assert.Equal((1UL << 40) - 1, words[15]);

        words.AsSpan().Fill(ulong.MaxValue);
        Assert.Equal(Errno.Invalid, machine.ClearDirtyLog(0, 1, 64, words));
        Assert.Equal(Errno.Invalid, machine.ClearDirtyLog(0, 0, 63, words));
        Assert.Equal(Errno.Invalid, machine.ClearDirtyLog(0, 0, 0xffff_ffc0, words));
        Assert.Equal(Errno.Invalid, machine.ClearDirtyLog(0, 1024, 0, words));
        Assert.Equal(Errno.NoEntry, machine.ClearDirtyLog(1, 0, 64, words));
        Assert.Equal(Errno.None, machine.ClearDirtyLog(0, 960, 40, words));
        Assert.Equal(Errno.None, machine.ClearDirtyLog(0, 64, 64, [1]));
        Assert.Equal(Errno.None, machine.GetDirtyLog(0, words));
        Assert.Equal((ulong.MaxValue, ulong.MaxValue - 1, 0UL), (words[0], words[1], words[15]));
    }

    [Fact]
    public void Guest_memfd_slots_are_made_and_have_no_log()
    {
        Kernel.Need();
        OpenFiles before = OpenFiles.Count();
        using (KvmMachine machine = NewMachine())
        {
            Assert.SkipWhen(machine.CheckExtension(KvmExtension.GuestMemfd) == 0, "the kernel has no guest_memfd");
            using var block = new NativeBlock<byte>(512 * GuestPage.Size, GuestPage.Size);
            int withMachine = FilesOfProcess();
            Assert.Equal(Errno.Invalid, machine.SetGuestMemfdRegion(1, KvmSlotTraits.LogDirtyPages, 0, block.View));
            Assert.Equal(Errno.Invalid, machine.SetGuestMemfdRegion(1, KvmSlotTraits.None, 100, block.View));
            Assert.Equal(withMachine, FilesOfProcess());
            Assert.Equal(Errno.None, machine.SetGuestMemfdRegion(1, KvmSlotTraits.None, 0, block.View));
            Assert.Equal(withMachine + 1, FilesOfProcess());
            Assert.Equal(Errno.Invalid, machine.SetSlotTraits(1, KvmSlotTraits.LogDirtyPages));
            Assert.Equal(Errno.None, machine.DeleteMemoryRegion(1));
            Assert.Equal(withMachine, FilesOfProcess());
            Assert.Equal(Errno.None, machine.SetGuestMemfdRegion(2, KvmSlotTraits.None, 0, block.View));
        }

        Assert.Equal(before, OpenFiles.Count());
    }

    [Fact]
    public void What_fails_half_way_leaves_nothing_open()
    {
        Kernel.Need();
        OpenFiles before = OpenFiles.Count();
        using (KvmMachine machine = NewMachine())
        {
            Assert.Equal(Errno.None, machine.EnableCap(KvmCapability.DirtyLogRingAcqRel, RingBytes));
            OpenFiles withMachine = OpenFiles.Count();

            // A vCPU exists, and its page or its ring cannot be mapped.
            Assert.Equal(Errno.Invalid, machine.CreateVcpu(0, mappingBytes: 0, RingBytes, out KvmVcpu? vcpu));
            Assert.Null(vcpu);
            Assert.Equal(Errno.NoMemory, machine.CreateVcpu(1, mappingBytes: GuestPage.Size, ringBytes: nuint.MaxValue / 2, out vcpu));
            Assert.Null(vcpu);
            Assert.Equal(withMachine, OpenFiles.Count());
            Assert.Empty(machine.Vcpus);
            Assert.Equal(Errno.None, machine.CreateVcpu(2, out vcpu));
            Assert.Equal(new OpenFiles(withMachine.Files + 1, withMachine.Mappings + 2), OpenFiles.Count());
        }

        Assert.Equal(before, OpenFiles.Count());

        // The whole guest: refused rings, slots, vCPUs and forms.
        using GuestMemory memory = RealModeGuests.Memory();
        Assert.Equal(Errno.TooBig, Assert.Throws<KvmException>(() => KvmGuest.Create(memory, new KvmGuestOptions { RingEntries = 1 << 20 })).Error);
        Assert.Equal(Errno.Invalid, Assert.Throws<KvmException>(() => KvmGuest.Create(memory, new KvmGuestOptions { RingEntries = 1000 })).Error);
        Assert.Throws<ArgumentOutOfRangeException>(() => KvmGuest.Create(memory, new KvmGuestOptions { Form = (KvmLogForm)9 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 0 }));
        using var far = new GuestMemory();
        far.AddSlot(0, 0, 16);
        far.AddSlot(1, GuestMemory.MaximumFrames - 16, 16);
        KvmException refusal = Assert.Throws<KvmException>(() => KvmGuest.Create(far));
        Assert.Equal(("Slot 1 was refused: Invalid", Errno.Invalid), (refusal.Message, refusal.Error));
        Assert.Equal(before, OpenFiles.Count());
    }

    [Fact]
    public void Guests_come_and_go_and_leave_nothing()
    {
        Kernel.Need();
        OpenFiles before = OpenFiles.Count();
        for (int i = 0; i < 20; i++)
        {
            using GuestMemory memory = RealModeGuests.Memory();
            using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 2, Form = (KvmLogForm)(i % 4) });
            guest.Log.Start();
            RealModeGuests.Store(guest.Vcpus[0], memory.Slots[0].Memory, firstPage: 16, count: 4);
            Assert.Equal(KvmExitReason.Halted, guest.Vcpus[0].Run().Reason);
            Assert.Equal(before.Files + 3, OpenFiles.Count().Files);
        }

        Assert.Equal(before, OpenFiles.Count());
        Report.Line($"KVM: 20 guests of two vCPUs came and went; {before.Files} files and {before.Mappings} mappings of KVM are open.");
    }

    private static int FilesOfProcess() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static KvmMachine NewMachine()
    {
        Assert.Equal(Errno.None, KvmDevice.Open(out KvmDevice? device));
        using (device)
        {
            Assert.Equal(Errno.None, device!.CreateMachine(out KvmMachine? machine));
            return machine!;
        }
    }
}
