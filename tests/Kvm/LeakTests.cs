using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Guests;
using RingKit.Kvm.Running;
using RingKit.Kvm.Tests.Differential;
using RingKit.Kvm.Tests.Support;
using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>Whatever comes and goes, the process has as many files and as many mappings as before, and no child.</summary>
public sealed class LeakTests
{
    private const int Batches = 3;
    private const int GuestsOfBatch = 30;

    [Fact]
    public void Pairs_and_running_guests_leave_nothing()
    {
        Kernel.Need();

        // What the runtime opens once, and what it maps on the way, is there after the first turns.
        for (int i = 0; i < 5; i++)
            ComeAndGo(i);

        // What other tests have left to the collector goes now, and not while files are counted.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        (OpenFiles Kvm, int Files) before = (OpenFiles.Count(), FilesOfProcess());

        // The heap's own mappings come and go, and so does compiled code; a mapping for each guest would be in every batch.
        int[] mappings = [MappingsOfProcess(), .. Enumerable.Range(0, Batches).Select(_ => MappingsAfter(GuestsOfBatch))];
        Assert.Equal(before.Kvm, OpenFiles.Count());
        int files = FilesOfProcess();
        Assert.True(files <= before.Files, $"{before.Files} files were open, and {files} are");
        Report.Line($"Leaks: {Batches} times {GuestsOfBatch} guests; files {before.Files} and then {files}, mappings {string.Join(", ", mappings)}.");
        int least = mappings.Zip(mappings.Skip(1), (earlier, later) => later - earlier).Min();
        Assert.True(least < GuestsOfBatch, $"{least} more mappings, or more, after each {GuestsOfBatch} guests");
        Assert.Empty(NothingLeft.Children);
    }

    private static int MappingsAfter(int guests)
    {
        for (int i = 0; i < guests; i++)
            ComeAndGo(i);
        return MappingsOfProcess();
    }

    // Ended by its stop flag, by Stop, or by Dispose in the middle of its stores.
    private static void ComeAndGo(int turn)
    {
        using (var rings = new RingPair(MachineShape.Of((uint)turn, KernelProfile.LeastRingEntries)))
            rings.Drain();
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 256);
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 2, Form = (KvmLogForm)(turn % 4), RingEntries = 1024, Rule = turn % 5 == 0 ? new RestlessRule() : null });
        guest.Log.Start();
        using var threads = new KvmVcpuThreads<UntilHalted>(guest);
        var stores = new GuestStores { Pattern = GuestPattern.Random, PageCount = 200 };
        foreach (KvmVcpu vcpu in guest.Vcpus)
            Assert.Equal(Errno.None, GuestProgram.Load(vcpu, memory.Slots[0].Memory, GuestMode.Real, stores));
        threads.Start();
        PageSet.HarvestOf(guest.Log);
        if (turn % 5 == 1)
            guest.Rehouse((KvmLogForm)((turn + 1) % 4));
        if (turn % 3 == 0)
        {
            GuestProgram.Stop(memory.Slots[0].Memory);
            Assert.True(threads.AwaitEnd(TimeSpan.FromSeconds(20)));
        }
        else if (turn % 3 == 1)
        {
            threads.Stop();
        }
    }

    private static int FilesOfProcess() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static int MappingsOfProcess() => File.ReadLines("/proc/self/maps").Count();
}
