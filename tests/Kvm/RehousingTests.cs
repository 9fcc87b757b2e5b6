using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Registers;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.Guest;
using Xunit;
using KvmSlotTraits = RingKit.Mmu.DirtyLogging.Kvm.KvmSlotTraits;

namespace RingKit.Kvm.Tests;

/// <summary>A guest moves into another machine of the kernel's, and finds there all that it had.</summary>
public sealed class RehousingTests
{
    private static KvmLogForm[] Forms { get; } = [KvmLogForm.Manual, KvmLogForm.Ring, KvmLogForm.Bitmap, KvmLogForm.InitiallySet, KvmLogForm.Ring];

    [Fact]
    public void A_guest_goes_on_where_it_was_and_its_log_has_every_page()
    {
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = LoggedGuest.Started(memory, KvmLogForm.Ring);
        (KvmMachine kvm, KvmVcpu vcpu) = (guest.Kvm, guest.Vcpus[0]);
        var stored = new List<(uint Slot, ulong Page)>();
        foreach (KvmLogForm form in Forms)
        {
            // Some before the move, and some after it: one harvest has both, and the one behind it none.
            stored.AddRange(LoggedGuest.Stored(guest, 16, 20));
            (KvmRegisters registers, KvmSpecialRegisters special) = StateOf(vcpu);
            guest.Rehouse(form);
            Assert.Equal(form, guest.Log.Form);
            Assert.Equal(KvmDirtyLog.NameOf(form), guest.Log.Name);
            Assert.Equal(form == KvmLogForm.Ring ? 4096 : 0, vcpu.RingEntries);
            Assert.Equal((registers, special), StateOf(vcpu));
            stored.AddRange(LoggedGuest.Stored(guest, 30, 20));
            Assert.Equal(stored.Distinct(), PageSet.HarvestOf(guest.Log));
            Assert.Empty(PageSet.HarvestOf(guest.Log));
            stored.Clear();
        }

        Assert.Same(kvm, guest.Kvm);
        Assert.Same(vcpu, guest.Vcpus[0]);
        Assert.Equal(((ulong)Forms.Length, 0UL), (guest.Log.Moves.Count, guest.Log.Moves.Refused));
        Assert.True(guest.Log.Moves.Time > TimeSpan.Zero);
    }

    [Fact]
    public void All_registers_are_equal_before_and_after()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory(pages: 1024);
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 2, RingEntries = 1024 });
        LongModeGuest.Store(guest.Vcpus[0], memory.Slots[0].Memory, LongModeGuest.FirstPage, count: 10);
        RealModeGuests.Load(guest.Vcpus[1], memory.Slots[0].Memory, [0xF4], new KvmRegisters { Rax = 1, Rsp = 0x7000, R15 = 3 });
        for (int vcpu = 0; vcpu < 2; vcpu++)
        {
            // Values that are in no vCPU by itself.
            (_, KvmSpecialRegisters special) = StateOf(guest.Vcpus[vcpu]);
            special = special with { Cr2 = 0x1234_5000, Gdt = new KvmDescriptorTable { Base = 0x3000, Limit = 0x2F }, Fs = special.Fs with { Base = 0x4_0000 } };
            Assert.Equal(Errno.None, guest.Vcpus[vcpu].SetSpecialRegisters(in special));
        }

        (KvmRegisters, KvmSpecialRegisters)[] before = [.. guest.Vcpus.Select(StateOf)];
        Assert.NotEqual(before[0], before[1]);
        foreach (KvmLogForm form in Forms)
        {
            guest.Rehouse(form);
            Assert.Equal(before, guest.Vcpus.Select(StateOf));
        }

        Assert.All(guest.Vcpus, vcpu => Assert.Equal(KvmExitReason.Halted, vcpu.Run().Reason));
    }

    // What the general and special registers do not show: the guest looks itself.
    [Fact]
    public void Vector_and_model_specific_registers_are_the_guests_own()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory(pages: 1024);
        using KvmGuest guest = KvmGuest.Create(memory);
        KvmVcpu vcpu = guest.Vcpus[0];
        NativeView<byte> bytes = memory.Slots[0].Memory;
        LongModeGuest.Store(vcpu, bytes, LongModeGuest.FirstPage, count: 1);
        (KvmRegisters registers, KvmSpecialRegisters special) = StateOf(vcpu);
        special = special with { Cr4 = special.Cr4 | 0x600 };                            // SSE
        Assert.Equal(Errno.None, vcpu.SetSpecialRegisters(in special));
        ReadOnlySpan<byte> program =
        [
            0xF3, 0x0F, 0x6F, 0x1F,             // 00        movdqu xmm3, [rdi]
            0xB9, 0x02, 0x01, 0x00, 0xC0,       // 04        mov ecx, c0000102h       ; the kernel's gs base
            0xB8, 0x00, 0x70, 0x06, 0x00,       // 09        mov eax, 67000h
            0x31, 0xD2,                         // 0e        xor edx, edx
            0x0F, 0x30,                         // 10        wrmsr
            0xF4,                               // 12        hlt
            0x31, 0xC0,                         // 13        xor eax, eax
            0x0F, 0x32,                         // 15        rdmsr
            0xF3, 0x0F, 0x7F, 0x5F, 0x10,       // 17        movdqu [rdi + 10h], xmm3
            0xF4,                               // 1c        hlt
        ];
        program.CopyTo(bytes.Slice((nuint)registers.Rip, (nuint)program.Length).AsSpan());
        NativeView<ulong> operands = bytes.Slice((nuint)registers.Rdi, 32).Cast<ulong>();
        (operands[0], operands[1]) = (0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210);
        Assert.Equal(KvmExitReason.Halted, vcpu.Run().Reason);
        guest.Rehouse(KvmLogForm.Bitmap);
        Assert.Equal(KvmExitReason.Halted, vcpu.Run().Reason);
        Assert.Equal(Errno.None, vcpu.GetRegisters(out registers));
        Assert.Equal(0x67000u, registers.Rax);
        Assert.Equal((operands[0], operands[1]), (operands[2], operands[3]));
    }

    [Fact]
    public void A_request_to_leave_moves_with_its_vcpu()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = KvmGuest.Create(memory);
        RealModeGuests.Store(guest.Vcpus[0], memory.Slots[0].Memory, 16, 3);
        guest.Vcpus[0].RequestExit();
        guest.Rehouse(KvmLogForm.Manual);
        Assert.Equal(KvmExitReason.Interrupted, guest.Vcpus[0].Run().Reason);
        Assert.Equal(KvmExitReason.Halted, guest.Vcpus[0].Run().Reason);
    }

    [Fact]
    public void Slots_of_the_users_own_move_too()
    {
        using GuestMemory memory = RealModeGuests.Memory(pages: 128);
        using KvmGuest guest = LoggedGuest.Started(memory, KvmLogForm.Bitmap);
        using var block = new NativeBlock<byte>(128 * GuestPage.Size, GuestPage.Size);
        Assert.Equal(Errno.None, guest.Kvm.SetMemoryRegion(9, KvmSlotTraits.LogDirtyPages, 128 * GuestPage.Size, block.View));
        guest.Rehouse(KvmLogForm.Ring);
        LoggedGuest.Stored(guest, 120, 20);
        Assert.All(Enumerable.Range(0, 12), page => Assert.NotEqual(0, block[(nuint)page * GuestPage.Size]));
        Assert.Equal(PageSet.Expected(120, 8), PageSet.HarvestOf(guest.Log));
        Assert.Equal(12UL, guest.Log.Statistics.RefusedPages);
    }

    [Fact]
    public void What_the_kernel_refuses_leaves_the_guest_where_it_is()
    {
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = LoggedGuest.Started(memory, KvmLogForm.Bitmap, ringEntries: 1 << 17);
        IEnumerable<(uint Slot, ulong Page)> stored = LoggedGuest.Stored(guest, 16, 20);
        OpenFiles before = OpenFiles.Count();
        KvmException refusal = Assert.Throws<KvmException>(() => guest.Rehouse(KvmLogForm.Ring));
        Assert.Equal(Errno.TooBig, refusal.Error);
        AssertUntouched();

        // Its memory would belong to the old machine.
        if (guest.Kvm.CheckExtension(KvmExtension.GuestMemfd) != 0)
        {
            using var block = new NativeBlock<byte>(16 * GuestPage.Size, GuestPage.Size);
            if (guest.Kvm.SetGuestMemfdRegion(9, KvmSlotTraits.None, 1 << 30, block.View) == Errno.None)
            {
                Assert.Equal(Errno.NotSupported, Assert.Throws<KvmException>(() => guest.Rehouse(KvmLogForm.Manual)).Error);
                Assert.Equal(Errno.None, guest.Kvm.DeleteMemoryRegion(9));
                AssertUntouched();
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => guest.Rehouse((KvmLogForm)7));
        guest.Rehouse(KvmLogForm.Manual);
        Assert.Equal(stored, PageSet.HarvestOf(guest.Log));

        void AssertUntouched()
        {
            Assert.Equal(before, OpenFiles.Count());
            Assert.Equal((KvmLogForm.Bitmap, 0UL), (guest.Log.Form, guest.Log.Moves.Count));
            Assert.Equal(stored, PageSet.HarvestOf(guest.Log));
            stored = LoggedGuest.Stored(guest, 40, 7);
        }
    }

    [Fact]
    public void A_vcpu_that_waits_for_an_answer_is_not_moved()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = KvmGuest.Create(memory);
        KvmVcpu vcpu = guest.Vcpus[0];
        RealModeGuests.Load(vcpu, memory.Slots[0].Memory, [0xE4, 0x60, 0xF4], default);     // in al, 60h; hlt
        Assert.Equal(KvmExitReason.Io, vcpu.Run().Reason);
        Assert.Equal(Errno.Busy, Assert.Throws<KvmException>(() => guest.Rehouse(KvmLogForm.Bitmap)).Error);
        vcpu.AnswerRead(0x5A);
        Assert.Equal(KvmExitReason.Halted, vcpu.Run().Reason);
        guest.Rehouse(KvmLogForm.Bitmap);
        Assert.Equal(Errno.None, vcpu.GetRegisters(out KvmRegisters registers));
        Assert.Equal(0x5Au, registers.Rax);
    }

    [Fact]
    public void A_log_that_is_off_moves_and_starts_as_its_new_form_does()
    {
        Kernel.Need(KvmLogForm.InitiallySet);
        using GuestMemory memory = RealModeGuests.Memory(pages: 128);
        using KvmGuest guest = KvmGuest.Create(memory);
        guest.Rehouse(KvmLogForm.InitiallySet);
        LoggedGuest.Stored(guest, 16, 20);
        guest.Log.Start();
        Assert.Equal(PageSet.Expected(0, 128), PageSet.HarvestOf(guest.Log));
        guest.Dispose();
        Assert.Throws<ObjectDisposedException>(() => guest.Rehouse(KvmLogForm.Ring));
    }

    private static (KvmRegisters, KvmSpecialRegisters) StateOf(KvmVcpu vcpu)
    {
        Assert.Equal(Errno.None, vcpu.GetRegisters(out KvmRegisters registers));
        Assert.Equal(Errno.None, vcpu.GetSpecialRegisters(out KvmSpecialRegisters special));
        return (registers, special);
    }
}
