using System.Runtime.InteropServices;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Cli;

/// <summary>What Book3S PR's log reports of a real program where loads map for writing, as in KVM, beside what was stored to.</summary>
public sealed class ShadowReplay
{
    private const int Interval = 5_000;
    private static readonly ReplaySettings Settings = new() { Memory = 2 << 20 };

    [Fact]
    public void As_kvm_maps_them_no_page_that_was_stored_to_is_missing_and_some_are_reported_that_were_not()
    {
        using var exact = new ReplayMachine(LogChoice.Hash.Single(log => log.Name == "shadow"), Settings);
        using var kvm = new ReplayMachine(
            new LogChoice("kvm", (memory, _) => new VirtualMachine(memory, 1, new Book3sPrOptions { MapsLoadsForWriting = true }), (machine, _) => new ShadowDirtyLog(machine)),
            Settings);
        var frames = new FrameMap(Settings.MemoryPages);
        var accesses = new List<GuestAccess>();
        var batch = new TraceAccess[4096];
        int stores = 0;
        using TraceFile trace = TraceFile.Open(TraceFiles.Ls);
        for (int count; (count = trace.Reader.Read(batch)) > 0;)
        {
            foreach (TraceAccess access in batch.AsSpan(0, count))
            {
                if (access.Kind == TraceAccessKind.Instruction)
                    continue;
                Add(frames, accesses, access);
                if (access.Kind == TraceAccessKind.Load || ++stores % Interval != 0)
                    continue;
                EndInterval(accesses, exact, kvm);
                accesses.Clear();
            }
        }

        IntervalFigures ours = IntervalFigures.Sum([.. exact.Intervals]), theirs = IntervalFigures.Sum([.. kvm.Intervals]);
        Report.Line($"{kvm.Intervals.Count} intervals of {Interval} stores: {ours.DirtyPages} pages were stored to, {theirs.DirtyPages} reported where loads map for"
            + $" writing; {ours.Faults} faults and {theirs.Faults}");
        Assert.True(theirs.DirtyPages > ours.DirtyPages);
        Assert.True(theirs.Faults < ours.Faults);
    }

    private static void EndInterval(List<GuestAccess> accesses, ReplayMachine exact, ReplayMachine kvm)
    {
        foreach (ReplayMachine machine in (ReplayMachine[])[exact, kvm])
        {
            machine.Run(CollectionsMarshal.AsSpan(accesses));
            machine.Harvest();
        }

        for (ulong gfn = 0; gfn < Settings.MemoryPages; gfn++)
            Assert.True(kvm.DirtyPages.Contains(gfn) || !exact.DirtyPages.Contains(gfn), $"frame {gfn} was stored to, and is not reported");
        exact.EndInterval(Interval);
        kvm.EndInterval(Interval);
    }

    // In one page, or the part in each of two.
    private static void Add(FrameMap frames, List<GuestAccess> accesses, TraceAccess access)
    {
        for (int done = 0; done < access.Size;)
        {
            ulong address = access.Address + (ulong)done;
            int size = (int)Math.Min((ulong)(access.Size - done), GuestPage.Size - (address & GuestPage.OffsetMask));
            Assert.True(frames.TryGetFrame(address >> GuestPage.Shift, out ulong gfn));
            accesses.Add(new GuestAccess((gfn << GuestPage.Shift) | (address & GuestPage.OffsetMask), 0, (ushort)size, access.Kind));
            done += size;
        }
    }
}
