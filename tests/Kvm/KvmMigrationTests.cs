using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Running;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Properties.MigrationEquality;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>A real guest is migrated while it runs, by each form of its log, and its memory arrives.</summary>
public sealed class KvmMigrationTests
{
    [Theory]
    [InlineData(KvmLogForm.Ring)]
    [InlineData(KvmLogForm.Bitmap)]
    [InlineData(KvmLogForm.Manual)]
    [InlineData(KvmLogForm.InitiallySet)]
    public void Memory_is_equal_at_the_end(KvmLogForm form)
    {
        Kernel.Need(form);
        using GuestMemory memory = RealModeGuests.Memory(), copy = RealModeGuests.Memory();
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 2, Form = form });
        NativeView<byte> bytes = memory.Slots[0].Memory;
        RealModeGuests.Circle(guest.Vcpus[0], bytes);
        RealModeGuests.Loop(guest.Vcpus[1], bytes);
        using var threads = new KvmVcpuThreads<UntilHalted>(guest);
        threads.Start();
        using var destination = new PipedDestination(copy, () => long.MaxValue);
        var options = new MigrationOptions
        {
            MaximumRounds = 6,
            DowntimeLimit = TimeSpan.Zero,
            BatchPages = 16,
            Progress = progress =>
            {
                // The guest stores while the first round is sent, however busy the machine is.
                if (progress is { Round: 1, Completed: null })
                    RealModeGuests.AwaitCounting(bytes);
            },
        };
        MigrationResult result = new PreCopyMigration(guest.Machine, guest.Log, threads, _ => destination.Connect(), options).Run();
        destination.AwaitEnd();
        Assert.Equal(MigrationOutcome.Completed, result.Outcome);
        Assert.True(destination.IsComplete);
        MemoryDifference difference = MemoryVerifier.Compare(memory, copy);
        Assert.True(difference.IsEqual, difference.ToString());
        Assert.True(result.PagesSent > 256, $"{result.PagesSent} pages");
        Report.Line($"KvmMigration, {guest.Log.Name}: {result.Rounds.Count} rounds, {result.PagesSent} pages, downtime {result.Downtime.TotalMilliseconds:f1} ms.");

        // The guest, which is paused, goes on where it is, and its log begins anew.
        Assert.False(memory.Slots[0].LogsDirtyPages);
        guest.Log.Start();
        threads.Resume();
        RealModeGuests.Stop(bytes);
        threads.Pause();
        threads.Stop();
    }
}
