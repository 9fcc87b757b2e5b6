using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using RingKit.DirtyRings;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Guests;
using RingKit.Kvm.Native;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyRings.Kvm;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>
/// A process written in C maps the ring of a real vCPU, harvests it while the guest stores, and finds what the harvester here finds in another vCPU's.
/// </summary>
public sealed class RealRingInCTests
{
    private const int RingEntries = 4096, Stores = 1000, Rounds = 12, FirstPage = 32, OutOfReach = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_c_program_harvests_the_same_entries()
    {
        Kernel.Need();
        Assert.SkipWhen(CHarvester.WhyNot is not null, CHarvester.WhyNot ?? "");
        using var c = new CHarvester();
        string harvest = c.PathOf("harvest");
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, FirstPage);
        memory.AddSlot(9, FirstPage, 2000);
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 2, RingEntries = RingEntries });
        Assert.Equal(Errno.None, guest.Kvm.SetSlotTraits(9, KvmSlotTraits.LogDirtyPages));

        using Process child = Programs.Start(
            c.Program, Text(Environment.ProcessId) + ":" + FileOf(vcpu: 0), Text(RingEntries), Text(Stores * Rounds),
            Text((int)Patience.TotalSeconds), harvest);
        var random = new Random(Seed: 2020);
        List<(uint Slot, ulong Page)> expected = [], here = [];
        var entries = new DirtyGfn[RingEntries];
        for (int round = 0; round < Rounds; round++)
        {
            ulong[] pages = [.. Enumerable.Range(0, 2000).Select(page => (ulong)page)];
            random.Shuffle(pages);
            pages = pages[..Stores];
            expected.AddRange(pages.Select(page => (9u, page)));
            foreach (KvmVcpu vcpu in guest.Vcpus)
                Store(vcpu, memory, [.. pages.Select(page => page + FirstPage)]);

            int harvested = guest.Vcpus[1].Harvester.Harvest(entries);
            here.AddRange(entries[..harvested].Select(entry => (entry.Slot, entry.Offset)));
            if (!AwaitReset(guest.Kvm, Stores + harvested, child))
                Assert.Skip("a process of the same user cannot reach this one's files (pidfd_getfd)");
        }

        (int exitCode, _, string errors) = Programs.AwaitEnd(child, Patience);
        Assert.True(exitCode == 0, $"exit code {exitCode}: {errors}");

        // Its records are (slot, 0, offset).
        (uint Slot, ulong Page)[] there =
            [.. MemoryMarshal.Cast<byte, DirtyGfn>(File.ReadAllBytes(harvest)).ToArray().Select(record => (record.Flags, record.Offset))];
        Assert.Equal(expected, there);
        Assert.Equal(expected.Distinct().Order(), here.Distinct().Order());
        Assert.True(guest.Vcpus[1].Harvester.ForeignFlags == 0);
        Report.Line($"RealRingInC: {there.Length} entries in C, {here.Count} here, through {RingEntries}.");
    }

    // Each page once, so that each has one entry: whatever stores KVM emulates. The second vCPU finds what the first has made writable, and may push less.
    private static void Store(KvmVcpu vcpu, GuestMemory memory, ulong[] frames)
    {
        NativeView<byte> program = memory.Slots[0].Memory;
        ulong mapped = (FirstPage + memory.Slots[1].PageCount) << GuestPage.Shift;
        int list = GuestProgram.FirstFreePage(GuestMode.Long, mapped) << GuestPage.Shift;
        Assert.Equal(Errno.None, GuestProgram.LoadList(vcpu, program, GuestMode.Long, mapped, list, frames, turns: 1));
        KvmExit exit;
        do
            exit = vcpu.Run();
        while (exit.Reason == KvmExitReason.Interrupted);
        Assert.True(exit.Reason == KvmExitReason.Halted, $"{exit}\n{vcpu.DumpRegisters()}");
    }

    // False if the program cannot map the ring.
    private static bool AwaitReset(KvmMachine machine, int entries, Process child)
    {
        var clock = Stopwatch.StartNew();
        for (int sum = 0; sum < entries;)
        {
            int given;
            using (new BlockedSignals())
                Assert.Equal(Errno.None, machine.ResetDirtyRings(out given));
            sum += given;
            if (given != 0)
                continue;
            if (child.HasExited && child.ExitCode == OutOfReach)
                return false;
            Assert.True(clock.Elapsed < Patience, $"{sum} of {entries} entries came back");
            Thread.Yield();
        }

        return true;
    }

    private static string FileOf(int vcpu)
    {
        FileDescriptor file = OpenFiles.OfVcpu(vcpu);
        string number = Text((int)file.DangerousGetHandle());
        file.SetHandleAsInvalid();
        return number;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
