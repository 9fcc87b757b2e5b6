using RingKit.DirtyRings;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Guests;
using RingKit.Kvm.Native;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyLogging.Memslots;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>The tables of what KVM refuses, asked of the real kernel and of the simulated one: both give the answer of the table.</summary>
public sealed class CallTables
{
    private const KvmCapability Ring = KvmCapability.DirtyLogRing, AcqRel = KvmCapability.DirtyLogRingAcqRel;
    private const KvmCapability WithBitmap = KvmCapability.DirtyLogRingWithBitmap, Manual = KvmCapability.ManualDirtyLogProtect2;
    private const int SlotPages = 1000;

    public static TheoryData<ulong, uint, Errno> Ranges => ClearRanges.Answers;

    public static TheoryData<string, KvmCapability, ulong, Errno> Sizes => new()
    {
        { "no capability", KvmCapability.None, 4096, Errno.Invalid },
        { "a capability that is not there", (KvmCapability)179, 4096, Errno.Invalid },
        { "no size", Ring, 0, Errno.Invalid },
        { "no power of two", AcqRel, (1 << 16) + 16, Errno.Invalid },
        { "no power of two, and too big", AcqRel, (1 << 21) + 16, Errno.Invalid },
        { "less than the reserve", Ring, 512, Errno.Invalid },
        { "less than a page", AcqRel, 2048, Errno.Invalid },
        { "more than a MiB", Ring, 1 << 21, Errno.TooBig },
        { "the most", AcqRel, 1 << 20, Errno.None },
        { "a usual size, by the other name", Ring, 1 << 16, Errno.None },
        { "cut off to 16 KiB", AcqRel, 0x1_0000_4000, Errno.None },
        { "cut off to nothing", Ring, 0x1_0000_0000, Errno.Invalid },
        { "cut off to 2 MiB", AcqRel, 0xFFFF_FFFF_0020_0000, Errno.TooBig },
        { "bitmaps without rings", WithBitmap, 0, Errno.Invalid },
    };

    public static TheoryData<ulong, uint, Errno> ManualBits => new()
    {
        { 0, 0, Errno.None },
        { 1, 0, Errno.None },
        { 3, 0, Errno.None },
        { 2, 0, Errno.Invalid },
        { 4, 0, Errno.Invalid },
        { 5, 0, Errno.Invalid },
        { 7, 0, Errno.Invalid },
        { 1UL << 32, 0, Errno.Invalid },
        { (1UL << 32) + 1, 0, Errno.Invalid },
        { ulong.MaxValue, 0, Errno.Invalid },
        { 1, 1, Errno.Invalid },
        { 0, 1, Errno.Invalid },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Ring_sizes_are_answered_alike(string rule, KvmCapability capability, ulong size, Errno answer)
    {
        Kernel.Need();
        Assert.NotEmpty(rule);
        using KvmMachine real = KernelProfile.NewMachine();
        using var simulated = new KvmVm(KernelProfile.Value, KvmFidelity.Faithful);
        AssertBoth(answer, real.EnableCap(capability, size), simulated.EnableCap(capability, size));
        if (answer != Errno.None)
            return;
        Assert.Equal(real.RingEntries, simulated.Capabilities.RingEntries);

        // Once there are rings: of any size, but a size above the largest is refused first. Flags are not looked at.
        AssertBoth(Errno.Invalid, real.EnableCap(capability, size), simulated.EnableCap(capability, size));
        AssertBoth(Errno.Invalid, real.EnableCap(Ring, 1 << 16, flags: 1), simulated.EnableCap(Ring, 1 << 16, flags: 1));
        AssertBoth(Errno.TooBig, real.EnableCap(AcqRel, 1 << 21), simulated.EnableCap(AcqRel, 1 << 21));
        Errno withBitmap = KernelProfile.Value.OffersRingWithBitmap ? Errno.None : Errno.Invalid;
        AssertBoth(Errno.Invalid, real.EnableCap(WithBitmap, 0, flags: 1), simulated.EnableCap(WithBitmap, 0, flags: 1));
        AssertBoth(withBitmap, real.EnableCap(WithBitmap, ulong.MaxValue), simulated.EnableCap(WithBitmap, ulong.MaxValue));
    }

    [Fact]
    public void Rings_after_slots_and_after_vcpus_are_answered_alike()
    {
        Kernel.Need();
        using (KvmMachine real = KernelProfile.NewMachine())
        using (var simulated = new KvmVm(KernelProfile.Value, KvmFidelity.Faithful))
        using (var block = new NativeBlock<byte>(16 * GuestPage.Size, GuestPage.Size))
        {
            AssertBoth(
                Errno.None,
                real.SetMemoryRegion(3, KvmSlotTraits.LogDirtyPages, 0, block.View),
                simulated.SetUserMemoryRegion(3, KvmSlotTraits.LogDirtyPages, 0, block.Length));
            AssertBoth(Errno.None, real.EnableCap(AcqRel, 1 << 16, flags: 1), simulated.EnableCap(AcqRel, 1 << 16, flags: 1));
            AssertBoth(Errno.None, real.CreateVcpu(0, out _), simulated.CreateVcpu());
            AssertBoth(Errno.NoDevice, real.GetDirtyLog(3, new ulong[1]), simulated.Build().GetDirtyLog(3, new byte[8]));
        }

        using var late = new BitmapPair(Shape());
        Assert.Equal(Errno.Invalid, late.EnableCap(AcqRel, 1 << 16));
        Assert.Equal(Errno.TooBig, late.EnableCap(Ring, 1 << 21));
        Assert.Equal(Errno.Invalid, late.EnableCap(Ring, 0));
    }

    [Theory]
    [MemberData(nameof(ManualBits))]
    public void Bits_of_manual_protection_are_answered_alike(ulong bits, uint flags, Errno answer)
    {
        Kernel.Need(KvmLogForm.InitiallySet);
        using KvmMachine real = KernelProfile.NewMachine();
        using var simulated = new KvmVm(KernelProfile.Value, KvmFidelity.Faithful);
        AssertBoth(answer, real.EnableCap(Manual, bits, flags), simulated.EnableCap(Manual, bits, flags));
    }

    [Fact]
    public void Extensions_are_answered_alike()
    {
        Kernel.Need();
        using KvmMachine real = KernelProfile.NewMachine();
        using var simulated = new KvmVm(KernelProfile.Value);
        foreach (KvmCapability capability in (KvmCapability[])[Ring, AcqRel, WithBitmap, Manual])
            Assert.Equal((capability, real.CheckExtension(capability)), (capability, simulated.CheckExtension(capability)));
    }

    // Older kernels left executable mappings to KVM, which answers EINVAL.
    [Theory]
    [InlineData(true, false, Errno.None, Errno.None)]
    [InlineData(false, false, Errno.Invalid, Errno.Invalid)]
    [InlineData(true, true, Errno.NotPermitted, Errno.Invalid)]
    [InlineData(false, true, Errno.NotPermitted, Errno.Invalid)]
    public void Mappings_of_a_ring_are_answered_alike(bool isShared, bool isExecutable, Errno answer, Errno olderAnswer)
    {
        Kernel.Need();
        using var pair = new RingPair(Shape() with { RingEntries = 1024 });
        Assert.Equal(answer, pair.Simulated.MapRing(0, out _, isShared, isExecutable));
        Errno real = MapAgain(vcpu: 0, 1024 * DirtyGfn.SizeInBytes, isShared, isExecutable);
        Assert.True(real == answer || real == olderAnswer, $"the kernel answers {real}");
        Report.Line($"A ring's mapping, {(isShared ? "shared" : "private")}{(isExecutable ? " and executable" : "")}: {real}.");
    }

    [Theory]
    [MemberData(nameof(Ranges))]
    public void Ranges_of_a_clear_are_answered_alike(ulong first, uint count, Errno answer)
    {
        Kernel.Need(KvmLogForm.Manual);
        foreach (ManualProtect mode in (ManualProtect[])[ManualProtect.None, ManualProtect.Enabled])
        {
            using var pair = new BitmapPair(Shape());
            Assert.Equal(Errno.None, pair.EnableCap(Manual, (ulong)mode));
            pair.Run(0, [.. Enumerable.Range(0, SlotPages / 3).Select(i => MachineShape.Program.PageCount + (ulong)(i * 3))]);
            ulong[] bits = [.. Enumerable.Repeat(0x3333_3333_3333_3333UL, 64)];
            pair.Clear(7, first, count, bits);
            Assert.Equal(answer == Errno.None ? 0 : 1, pair.Errors);

            // What was cleared is protected: it is announced again, and the rest still is.
            pair.Get(7);
            pair.Run(0, [.. Enumerable.Range(0, SlotPages / 2).Select(i => MachineShape.Program.PageCount + (ulong)(i * 2))]);
            pair.Get(7);
            Assert.Equal(answer == Errno.None ? 0 : 1, pair.Errors);
        }
    }

    // The order of a clear's errors, each line breaking its rule and all later ones that can be broken with it.
    [Fact]
    public void Errors_of_the_calls_come_in_one_order()
    {
        Kernel.Need(KvmLogForm.Manual);
        using var pair = new BitmapPair(Shape());
        int errors = 0;
        foreach (uint absent in (uint[])[40_000, 32_764, 0x2_0007, 9, 32_763, MachineShape.Program.Id])
        {
            pair.Get(absent);
            pair.GetIntoNowhere(absent);
            pair.Clear(absent, 1, 63, new ulong[64]);
            pair.Clear(absent, 64, 63, new ulong[64]);
            pair.ClearFromNowhere(absent, 64, 64);
            Assert.Equal(errors += 5, pair.Errors);
        }

        pair.ClearFromNowhere(7, 64, 63);
        pair.ClearFromNowhere(7, 64, 64);
        pair.Reset();
        Assert.Equal(errors += 3, pair.Errors);
        pair.ClearFromNowhere(7, 0, 0);
        Assert.Equal(errors, pair.Errors);

        // In automatic mode a fetch into nowhere has taken the pages all the same.
        pair.Run(0, [.. Enumerable.Range(0, 100).Select(i => MachineShape.Program.PageCount + (ulong)i)]);
        pair.GetIntoNowhere(7);
        pair.Get(7);
        Assert.Equal((errors + 1, 0), (pair.Errors, pair.Pages));
    }

    private static Errno MapAgain(int vcpu, nuint bytes, bool isShared, bool isExecutable)
    {
        const int Private = 2, Execute = 4;
        using FileDescriptor file = OpenFiles.OfVcpu(vcpu);
        try
        {
            long offset = KernelProfile.Value.RingPageOffset * (long)GuestPage.Size;
            int protection = Libc.ProtectRead | (isExecutable ? Execute : 0);
            nint start = Libc.Map(0, bytes, protection, isShared ? Libc.MapShared : Private, file, offset);
            if (start == -1)
                return Libc.LastError;
            Assert.Equal(0, Libc.Unmap(start, bytes));
            return Errno.None;
        }
        finally
        {
            // It is the vCPU's own.
            file.SetHandleAsInvalid();
        }
    }

    private static MachineShape Shape() =>
        new(GuestMode.Long, [new SlotShape(7, MachineShape.Program.PageCount, SlotPages, IsLogged: true)], Vcpus: 1, RingEntries: 0);

    private static void AssertBoth(Errno answer, Errno real, Errno simulated) => Assert.Equal((answer, answer), (real, simulated));
}
