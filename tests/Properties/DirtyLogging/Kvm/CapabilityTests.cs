using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>KVM_CHECK_EXTENSION and KVM_ENABLE_CAP: what is there, and which error comes first.</summary>
public sealed class CapabilityTests
{
    private const KvmCapability Ring = KvmCapability.DirtyLogRing, AcqRel = KvmCapability.DirtyLogRingAcqRel;
    private const KvmCapability WithBitmap = KvmCapability.DirtyLogRingWithBitmap, Manual = KvmCapability.ManualDirtyLogProtect2;

    [Fact]
    public void What_is_there_depends_on_the_host()
    {
        using var x86 = new KvmVm(KvmProfile.X86);
        Assert.Equal([1 << 20, 1 << 20, 0, 3], new[] { Ring, AcqRel, WithBitmap, Manual }.Select(x86.CheckExtension));
        using var arm64 = new KvmVm(KvmProfile.Arm64);
        Assert.Equal([0, 1 << 20, 1, 3], new[] { Ring, AcqRel, WithBitmap, Manual }.Select(arm64.CheckExtension));
        using var other = new KvmVm(KvmProfile.X86 with { ManualProtect = ManualProtect.Enabled });
        Assert.Equal(1, other.CheckExtension(Manual));

        // 166 is manual protection's obsolete number, 179 the ring's as it was first proposed.
        foreach (int number in (int[])[0, 166, 179, 224, -1])
        {
            Assert.Equal(0, x86.CheckExtension((KvmCapability)number));
            Assert.Equal(Errno.Invalid, x86.EnableCap((KvmCapability)number, 4096));
        }

        Assert.Equal([168, 192, 223, 225], new[] { Manual, Ring, AcqRel, WithBitmap }.Select(capability => (int)capability));
    }

    // Each line breaks the rule that it names and, where that is possible, all that come later.
    [Theory]
    [InlineData("the capability is not there", 0, 64, 0ul, Errno.Invalid)]
    [InlineData("rings cannot be mapped", 1, 0, 1ul << 21, Errno.Invalid)]
    [InlineData("no size", 1, 64, 0ul, Errno.Invalid)]
    [InlineData("no power of two", 1, 64, (1ul << 21) + 16, Errno.Invalid)]
    [InlineData("not above the reserve", 1, 64, 512ul, Errno.Invalid)]
    [InlineData("less than a page", 1, 64, 2048ul, Errno.Invalid)]
    [InlineData("more than a MiB", 1, 64, 1ul << 21, Errno.TooBig)]
    [InlineData("rings already, and vCPUs", 1, 64, 1ul << 20, Errno.Invalid)]
    public void Sizes_are_looked_at_before_rings_and_vcpus(string rule, int offersRing, int pageOffset, ulong size, Errno answer)
    {
        Assert.NotEmpty(rule);
        using var vm = new KvmVm(KvmProfile.X86 with { OffersRing = offersRing != 0, RingPageOffset = pageOffset });
        Assert.Equal(pageOffset == 0 ? Errno.Invalid : Errno.None, vm.EnableCap(AcqRel, 1 << 16));
        vm.CreateVcpu();
        Assert.Equal(answer, vm.EnableCap(Ring, size));
    }

    [Fact]
    public void Rings_come_once_and_before_vcpus_whatever_slots_there_are()
    {
        using var vm = new KvmVm(KvmProfile.X86);
        Assert.Equal(Errno.None, vm.SetUserMemoryRegion(0, KvmSlotTraits.LogDirtyPages, 0, 1 << 20));

        // A ring's flags are not looked at.
        Assert.Equal(Errno.None, vm.EnableCap(Ring, 4096, flags: 1));
        Assert.Equal(256, vm.Capabilities.RingEntries);
        Assert.Equal(Errno.Invalid, vm.EnableCap(Ring, 4096));
        Assert.Equal(Errno.Invalid, vm.EnableCap(AcqRel, 8192));
        Assert.Equal(256, vm.Capabilities.RingEntries);
        vm.CreateVcpu();
        Assert.Equal(Errno.NoDevice, vm.Build().GetDirtyLog(0, new byte[32]));

        using var late = new KvmVm(KvmProfile.X86);
        late.CreateVcpu();
        Assert.Equal(Errno.Invalid, late.EnableCap(Ring, 4096));
        Assert.Equal(Errno.TooBig, late.EnableCap(Ring, 1 << 21));
        late.SetUserMemoryRegion(0, KvmSlotTraits.LogDirtyPages, 0, 1 << 20);
        KvmDirtyLog log = late.Build();
        Assert.Equal(Errno.Invalid, log.EnableCap(AcqRel, 4096));
        Assert.Equal(Errno.None, log.GetDirtyLog(0, new byte[32]));
        Assert.Equal("kvm-bitmap", log.Name);
    }

    [Theory]
    [InlineData(4096, 0, 256)]
    [InlineData(4096, 512, 1024)]
    [InlineData(65536, 0, 4096)]
    [InlineData(16384, 0, 1024)]
    public void The_least_ring_fills_a_page_and_exceeds_the_reserve(int pageSize, int hardwareLog, int least)
    {
        KvmProfile profile = KvmProfile.Arm64 with { PageSize = pageSize, HardwareLogEntries = hardwareLog };
        using var vm = new KvmVm(profile);
        Assert.Equal(Errno.Invalid, vm.EnableCap(AcqRel, KvmRig.DirtyRingSize(least / 2)));
        Assert.Equal(Errno.None, vm.EnableCap(AcqRel, KvmRig.DirtyRingSize(least)));
        Assert.Equal(64 + hardwareLog, profile.ReservedEntries);
    }

    // Known defect: TruncatesRingSize.
    [Theory]
    [InlineData(0x1_0000_4000ul, Errno.None)]
    [InlineData(0x1_0000_0000ul, Errno.Invalid)]
    [InlineData(0xFFFF_FFFF_0020_0000ul, Errno.TooBig)]
    public void A_size_beyond_32_bits_is_cut_off_by_kvm_and_refused_here(ulong size, Errno faithful)
    {
        using var kvm = new KvmVm(KvmProfile.X86, KvmFidelity.Faithful);
        Assert.Equal(faithful, kvm.EnableCap(Ring, size));
        Assert.Equal(faithful == Errno.None ? 0x400 : 0, kvm.Capabilities.RingEntries);
        using var safe = new KvmVm(KvmProfile.X86);
        Assert.Equal(size == 0x1_0000_0000 ? Errno.TooBig : Errno.Invalid, safe.EnableCap(Ring, size));
        Assert.Equal(0, safe.Capabilities.RingEntries);
    }

    [Fact]
    public void Bitmaps_beside_rings_need_rings_and_no_slots()
    {
        using var x86 = new KvmVm(KvmProfile.X86);
        x86.EnableCap(Ring, 4096);
        Assert.Equal(Errno.Invalid, x86.EnableCap(WithBitmap));

        using var vm = new KvmVm(KvmProfile.Arm64);
        Assert.Equal(Errno.Invalid, vm.EnableCap(WithBitmap));
        vm.EnableCap(AcqRel, 4096);
        Assert.False(vm.Capabilities.HasBitmaps);
        Assert.Equal(Errno.Invalid, vm.EnableCap(WithBitmap, flags: 1));
        vm.SetUserMemoryRegion(0, KvmSlotTraits.None, 0, 1 << 20);
        Assert.Equal(Errno.Invalid, vm.EnableCap(WithBitmap));
        vm.SetUserMemoryRegion(0, KvmSlotTraits.None, 0, 0);

        // The argument is not looked at; vCPUs are no hindrance; once more is fine.
        vm.CreateVcpu();
        Assert.Equal(Errno.None, vm.EnableCap(WithBitmap, ulong.MaxValue));
        Assert.Equal(Errno.None, vm.EnableCap(WithBitmap));
        Assert.True(vm.Capabilities.HasBitmaps);
        vm.SetUserMemoryRegion(0, KvmSlotTraits.LogDirtyPages, 0, 1 << 20);
        KvmDirtyLog log = vm.Build();
        Assert.Equal(Errno.None, log.GetDirtyLog(0, new byte[32]));
        Assert.Equal(Errno.Invalid, log.EnableCap(WithBitmap));
        Assert.Equal("kvm-ring-bitmap", log.Name);
    }

    [Fact]
    public void Manual_protection_takes_its_bits_alone_and_at_any_time()
    {
        using var vm = new KvmVm(KvmProfile.X86);
        foreach (ulong bits in (ulong[])[2, 4, 5, 7, 1ul << 32, (1ul << 32) + 1, ulong.MaxValue])
            Assert.Equal(Errno.Invalid, vm.EnableCap(Manual, bits));
        Assert.Equal(Errno.Invalid, vm.EnableCap(Manual, 1, flags: 1));
        Assert.Equal(ManualProtect.None, vm.Capabilities.ManualProtect);
        Assert.Equal(Errno.None, vm.EnableCap(Manual, 3));
        Assert.Equal(Errno.None, vm.EnableCap(Manual, 0));
        Assert.Equal(Errno.None, vm.EnableCap(Manual, 1));
        using var other = new KvmVm(KvmProfile.X86 with { ManualProtect = ManualProtect.Enabled });
        Assert.Equal(Errno.Invalid, other.EnableCap(Manual, 3));
        Assert.Equal(Errno.None, other.EnableCap(Manual, 1));

        using var rig = new KvmRig();
        rig.StoreAll(5);
        Assert.Equal(Errno.None, rig.Log.EnableCap(Manual, 1));
        Assert.Equal([5ul], rig.Get());
        Assert.Equal([5ul], rig.Get());
        Assert.Equal(Errno.None, rig.Log.EnableCap(Manual, 0));
        Assert.Equal([5ul], rig.Get());
        Assert.Empty(rig.Get());
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        Assert.Throws<ArgumentNullException>("profile", () => new KvmCapabilities(null!));
        Assert.Throws<ArgumentOutOfRangeException>("fidelity", () => new KvmCapabilities(KvmProfile.X86, (KvmFidelity)(1 << 20)));
        foreach (KvmProfile profile in (KvmProfile[])
        [
            KvmProfile.X86 with { PageSize = 2048 }, KvmProfile.X86 with { PageSize = 1 << 17 }, KvmProfile.X86 with { PageSize = 5000 },
            KvmProfile.X86 with { HardwareLogEntries = -1 }, KvmProfile.X86 with { HardwareLogEntries = (1 << 15) + 1 },
            KvmProfile.X86 with { AddressSpaces = 0 },
            KvmProfile.X86 with { SlotIds = 0 }, KvmProfile.X86 with { SlotIds = 32768 }, KvmProfile.X86 with { RingPageOffset = -1 },
            KvmProfile.X86 with { ManualProtect = (ManualProtect)4 },
        ])
        {
            Assert.Throws<ArgumentOutOfRangeException>("profile", () => new KvmVm(profile));
        }

        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1);
        using var machine = new VirtualMachine(memory);
        var capabilities = new KvmCapabilities(KvmProfile.X86);
        Assert.Throws<ArgumentNullException>("capabilities", () => new KvmDirtyLog(machine, null!));
        using (new KvmDirtyLog(machine, capabilities))
            Assert.Throws<InvalidOperationException>(() => new KvmDirtyLog(machine, new KvmCapabilities(KvmProfile.X86)));
        Assert.Throws<ArgumentException>("capabilities", () => new KvmDirtyLog(machine, capabilities));
        Assert.Null(machine.DirtyLog);
    }
}
