using System.Diagnostics;
using RingKit.DirtyRings;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Registers;
using RingKit.Kvm.Running;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>Guests run, leave for their reasons, and can be made to leave.</summary>
public sealed class KvmVcpuTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_guest_stores_and_its_ring_names_the_pages_in_order()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = KvmGuest.Create(memory);
        NativeView<byte> bytes = memory.Slots[0].Memory;
        RealModeGuests.Store(guest.Vcpus[0], bytes, firstPage: 16, count: 20, stride: 3);
        Assert.Equal(Errno.None, guest.Kvm.SetSlotTraits(0, KvmSlotTraits.LogDirtyPages));

        KvmExit exit = guest.Vcpus[0].Run();
        Assert.Equal(new KvmExit(KvmExitReason.Halted, Errno.None), exit);
        DirtyGfn[] entries = new DirtyGfn[64];
        int harvested = guest.Vcpus[0].Harvester.Harvest(entries);
        Assert.Equal(PageSet.Expected(16, 20, 3), entries.Take(harvested).Select(entry => (entry.Slot, entry.Offset)));
        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal(20 - i, bytes[(nuint)((16 + (3 * i)) * GuestPage.Size)]));

        // All are given back, and no others: the ring is the kernel's own memory.
        NativeView<DirtyGfn> ring = guest.Vcpus[0].DangerousRing;
        Assert.Equal(4096u, ring.Length);
        Assert.All(Enumerable.Range(0, harvested), i => Assert.Equal(DirtyGfn.Reset, ring[(nuint)i].Flags));
        Assert.Equal(Errno.None, guest.Kvm.ResetDirtyRings((ulong)harvested, out int calls));
        Assert.Equal(1, calls);
        Assert.All(Enumerable.Range(0, harvested), i => Assert.Equal(0u, ring[(nuint)i].Flags));
        Assert.Equal(Errno.None, guest.Kvm.ResetDirtyRings(out int more));
        Assert.Equal(0, more);
        Assert.Equal(Errno.Again, guest.Kvm.ResetDirtyRings(1, out _));
    }

    [Fact]
    public void A_harvest_of_the_kernels_ring_allocates_nothing()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = KvmGuest.Create(memory);
        Assert.Equal(Errno.None, guest.Kvm.SetSlotTraits(0, KvmSlotTraits.LogDirtyPages));
        RealModeGuests.Store(guest.Vcpus[0], memory.Slots[0].Memory, firstPage: 16, count: 60);
        Assert.Equal(KvmExitReason.Halted, guest.Vcpus[0].Run().Reason);
        DirtyRingHarvester harvester = guest.Vcpus[0].Harvester;
        DirtyGfn[] entries = new DirtyGfn[10];
        int harvests = 0, fewest = entries.Length;
        Assert.Equal(0, Allocated.By(() =>
        {
            int harvested = harvester.Harvest(entries);
            guest.Kvm.ResetDirtyRings((ulong)harvested, out _);
            fewest = Math.Min(fewest, harvested);
            harvests++;
        }));
        Assert.True(harvests >= 2);
        Assert.Equal(entries.Length, fewest);
    }

    [Fact]
    public void A_guest_that_never_ends_leaves_when_it_is_asked()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = KvmGuest.Create(memory);
        KvmVcpu vcpu = guest.Vcpus[0];
        NativeView<byte> bytes = memory.Slots[0].Memory;
        RealModeGuests.Loop(vcpu, bytes);
        for (int i = 0; i < 20; i++)
        {
            KvmExit exit = default;
            var thread = new Thread(() => exit = vcpu.Run()) { IsBackground = true };
            thread.Start();
            RealModeGuests.AwaitCounting(bytes);
            Assert.Equal(Errno.Busy, vcpu.GetRegisters(out _));
            var clock = Stopwatch.StartNew();
            vcpu.RequestExit();
            Assert.True(thread.Join(Second), "the vCPU did not leave the guest within a second");
            Assert.True(clock.Elapsed < Second, $"{clock.Elapsed}");
            Assert.Equal(new KvmExit(KvmExitReason.Interrupted, Errno.Interrupted), exit);
        }

        // One that was asked before does not enter, once.
        uint exits = vcpu.Exits;
        vcpu.RequestExit();
        Assert.Equal(KvmExitReason.Interrupted, vcpu.Run().Reason);
        Assert.Equal(exits + 1, vcpu.Exits);
        RealModeGuests.Stop(bytes);
        Assert.Equal(KvmExitReason.Halted, vcpu.Run().Reason);
    }

    [Fact]
    public void A_kick_brings_a_vcpu_out_and_lets_it_in_again()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = KvmGuest.Create(memory);
        KvmVcpu vcpu = guest.Vcpus[0];
        vcpu.KickOut();
        Assert.Equal(0u, vcpu.Exits);
        RealModeGuests.Loop(vcpu, memory.Slots[0].Memory);
        using var threads = new KvmVcpuThreads<UntilHalted>(guest);
        threads.Start();
        var clock = new Stopwatch();
        for (int i = 0; i < 50; i++)
        {
            RealModeGuests.AwaitCounting(memory.Slots[0].Memory);
            uint exits = vcpu.Exits;
            clock.Start();
            vcpu.KickOut();
            clock.Stop();
            Assert.True(vcpu.Exits != exits, "the vCPU was in the guest, and has not left it");
        }

        Report.Line($"KvmVcpu: 50 kicks in {clock.Elapsed.TotalMilliseconds:f1} ms.");
        RealModeGuests.Stop(memory.Slots[0].Memory);
        Assert.True(threads.AwaitEnd(Patience));
        threads.Stop();
    }

    [Fact]
    public void Exits_are_typed()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory(pages: 128);
        using KvmGuest guest = KvmGuest.Create(memory);
        KvmVcpu vcpu = guest.Vcpus[0];
        NativeView<byte> bytes = memory.Slots[0].Memory;

        // mov dx, 1234h; mov ax, 0beefh; out dx, ax; in al, 99h; mov bx, 0c000h; mov ds, bx; mov [20h], al; mov ah, [30h]; hlt
        RealModeGuests.Load(
            vcpu, bytes, [0xBA, 0x34, 0x12, 0xB8, 0xEF, 0xBE, 0xEF, 0xE4, 0x99, 0xBB, 0x00, 0xC0, 0x8E, 0xDB, 0xA2, 0x20, 0x00, 0x8A, 0x26, 0x30, 0x00, 0xF4], default);
        KvmExit exit = vcpu.Run();
        Assert.Equal((KvmExitReason.Io, 0x1234UL, 2UL, 1u, true, 0xBEEFUL), (exit.Reason, exit.Address, exit.Size, exit.Count, exit.IsWrite, exit.Value));
        exit = vcpu.Run();
        Assert.Equal((KvmExitReason.Io, 0x99UL, 1UL, 1u, false), (exit.Reason, exit.Address, exit.Size, exit.Count, exit.IsWrite));
        vcpu.AnswerRead(0x7F);
        exit = vcpu.Run();
        Assert.Equal((KvmExitReason.Mmio, 0xC0020UL, 1UL, true, 0x7FUL), (exit.Reason, exit.Address, exit.Size, exit.IsWrite, exit.Value));
        exit = vcpu.Run();
        Assert.Equal((KvmExitReason.Mmio, 0xC0030UL, 1UL, false), (exit.Reason, exit.Address, exit.Size, exit.IsWrite));
        vcpu.AnswerRead(0x21);
        Assert.Equal(KvmExitReason.Halted, vcpu.Run().Reason);
        Assert.Equal(Errno.None, vcpu.GetRegisters(out KvmRegisters registers));
        Assert.Equal(0x217FUL, registers.Rax);
        Assert.Throws<InvalidOperationException>(() => vcpu.AnswerRead(1));
    }

    [Fact]
    public void A_guest_in_long_mode_reaches_all_its_memory()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory(pages: 4096);
        using KvmGuest guest = KvmGuest.Create(memory);
        NativeView<byte> bytes = memory.Slots[0].Memory;
        LongModeGuest.Store(guest.Vcpus[0], bytes, LongModeGuest.FirstPage, count: 500);
        guest.Log.Start();
        KvmExit exit = guest.Vcpus[0].Run();
        Assert.True(exit.Reason == KvmExitReason.Halted, $"{exit}\n{guest.Vcpus[0].DumpRegisters()}");
        SortedSet<(uint Slot, ulong Page)> pages = PageSet.HarvestOf(guest.Log);
        Assert.Equal(PageSet.Expected(LongModeGuest.FirstPage, 500), pages.Where(page => !LongModeGuest.IsTable(page.Page, bytes)));
        Assert.Equal(1UL, bytes.Cast<ulong>()[(LongModeGuest.FirstPage + 499) * 512]);
    }

    [Fact]
    public void Two_threads_do_not_run_one_vcpu_and_nobody_runs_one_that_is_gone()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        KvmGuest guest = KvmGuest.Create(memory);
        KvmVcpu vcpu = guest.Vcpus[0];
        RealModeGuests.Loop(vcpu, memory.Slots[0].Memory);
        KvmExit exit = default;
        var thread = new Thread(() => exit = vcpu.Run()) { IsBackground = true };
        thread.Start();
        RealModeGuests.AwaitCounting(memory.Slots[0].Memory);
        Assert.Throws<InvalidOperationException>(() => vcpu.Run());
        guest.Dispose();
        Assert.True(thread.Join(Second));
        Assert.Equal(KvmExitReason.Interrupted, exit.Reason);
        Assert.Throws<ObjectDisposedException>(() => vcpu.Run());
        Assert.Throws<ObjectDisposedException>(() => vcpu.GetRegisters(out _));
        Assert.Throws<ObjectDisposedException>(() => vcpu.Harvester.Harvest(new DirtyGfn[1]));
        vcpu.RequestExit();
        vcpu.KickOut();
        guest.Dispose();
    }
}
