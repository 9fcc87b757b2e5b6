using System.Diagnostics;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Running;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>vCPUs of a real guest on threads of their own: paused, resumed, stopped, and how they end.</summary>
public sealed class KvmVcpuThreadsTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Threads_pause_resume_and_end()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = KvmGuest.Create(memory);
        NativeView<byte> bytes = memory.Slots[0].Memory;
        RealModeGuests.Loop(guest.Vcpus[0], bytes);
        var threads = new KvmVcpuThreads<UntilHalted>(guest);
        threads.Start();
        RealModeGuests.AwaitCounting(bytes);
        threads.Pause();
        byte[] paused = bytes.Slice((nuint)(RealModeGuests.LoopPage * GuestPage.Size), 2).AsSpan().ToArray();
        Thread.Sleep(5);
        Assert.Equal(paused, bytes.Slice((nuint)(RealModeGuests.LoopPage * GuestPage.Size), 2).AsSpan().ToArray());
        threads.Resume();
        RealModeGuests.AwaitCounting(bytes);
        Assert.False(threads.HasEnded);
        var clock = Stopwatch.StartNew();
        threads.Stop();
        Assert.True(clock.Elapsed < Second, $"{clock.Elapsed}");
    }

    [Fact]
    public void An_exit_that_nobody_expects_comes_out_with_the_registers()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = KvmGuest.Create(memory);

        // mov al, 5ah; out 77h, al
        RealModeGuests.Load(guest.Vcpus[0], memory.Slots[0].Memory, [0xB0, 0x5A, 0xE6, 0x77], default);
        using var threads = new KvmVcpuThreads<UntilHalted>(guest);
        threads.Start();
        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => threads.AwaitEnd(Patience));
        KvmException inner = Assert.IsType<KvmException>(failure.InnerException);
        Assert.StartsWith("vCPU 0 left the guest unexpectedly: out of 0x5a to port 0x77\nrip ", inner.Message, StringComparison.Ordinal);
        Assert.Contains("rax 000000000000005a", inner.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_pause_returns_while_a_handler_answers()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = KvmGuest.Create(memory);

        // again: out 77h, al; jmp again
        RealModeGuests.Load(guest.Vcpus[0], memory.Slots[0].Memory, [0xE6, 0x77, 0xEB, 0xFC], default);
        uint[] answering = [0], answers = [0];
        using var threads = new KvmVcpuThreads<SlowToAnswer>(guest, _ => new SlowToAnswer(answering, answers));
        threads.Start();
        for (int pause = 0; pause < 50; pause++)
        {
            uint before = HardwareOrdering.LoadAcquire(ref answers[0]);
            Assert.True(SpinWait.SpinUntil(() => HardwareOrdering.LoadAcquire(ref answers[0]) != before, Patience));
            threads.Pause();
            Assert.Equal(0u, HardwareOrdering.LoadAcquire(ref answering[0]));
            threads.Resume();
        }

        threads.Stop();
    }

    private readonly struct SlowToAnswer(uint[] answering, uint[] answers) : IKvmExitHandler
    {
        public bool Handle(KvmVcpu vcpu, in KvmExit exit)
        {
            HardwareOrdering.StoreRelease(ref answering[0], 1);
            Thread.SpinWait(5000);
            HardwareOrdering.StoreRelease(ref answering[0], 0);
            HardwareOrdering.StoreRelease(ref answers[0], answers[0] + 1);
            return true;
        }
    }
}
