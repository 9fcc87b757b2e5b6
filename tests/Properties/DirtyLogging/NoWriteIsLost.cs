using System.Numerics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging.Adaptive;
using RingKit.Properties.DirtyLogging.Kvm;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>vCPUs store on threads of their own while dirty pages are harvested and copied: the copy must become equal.</summary>
public sealed class NoWriteIsLost
{
    private const int PageCount = 61;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(LongRun.IsOn ? 5 : 0.3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly Dictionary<string, (Func<GuestMemory, VirtualMachine> Machine, Func<VirtualMachine, IDirtyLog> Log)> Cases = new()
    {
        ["bitmap"] = (Flat, Bitmap),
        ["ring"] = (Flat, SmallRing),
        ["summary"] = (Flat, Summary),
        ["adaptive"] = (Flat, AdaptiveLogs.Restless),
        ["memslot"] = (Flat, machine => new MemslotDirtyLog(machine)),
        ["kvm bitmaps"] = (Flat, KvmLogs.Bitmaps),
        ["kvm rings"] = (Flat, KvmLogs.Rings),
        ["tdp modification log, kvm rings"] = (Tdp(TdpLogMethod.ModificationLog), KvmLogs.Rings),
        ["shadow"] = (memory => new VirtualMachine(memory, vcpus: 2, new Book3sPrOptions()), machine => new ShadowDirtyLog(machine)),
        ["stage 2, bitmap"] = (Stage2(Stage2Generation.Current), Bitmap),
        ["stage 2, ring"] = (Stage2(Stage2Generation.Current), SmallRing),
        ["stage 2, summary"] = (Stage2(Stage2Generation.Current), Summary),
        ["stage 2, adaptive"] = (Stage2(Stage2Generation.Current), AdaptiveLogs.Restless),
        ["stage 2 of 2014, bitmap"] = (Stage2(Stage2Generation.Posted2014), Bitmap),
        ["stage 2 of 2014, ring"] = (Stage2(Stage2Generation.Posted2014), SmallRing),
        ["stage 2, memslot, initially set"] = (Stage2(Stage2Generation.Current, chunk: 1 << 21), machine => new MemslotDirtyLog(
            machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled | ManualProtect.InitiallySet, Protection = MaskedProtection.Span })),
        ["tdp write protection, bitmap"] = (Tdp(TdpLogMethod.WriteProtection), Bitmap),
        ["tdp write protection, ring"] = (Tdp(TdpLogMethod.WriteProtection), SmallRing),
        ["tdp modification log, bitmap"] = (Tdp(TdpLogMethod.ModificationLog), Bitmap),
        ["tdp modification log, summary"] = (Tdp(TdpLogMethod.ModificationLog), Summary),
        ["tdp modification log, adaptive"] = (Tdp(TdpLogMethod.ModificationLog), AdaptiveLogs.Restless),
        ["tdp modification log, memslot, initially set"] = (Tdp(TdpLogMethod.ModificationLog), machine => new MemslotDirtyLog(
            machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled | ManualProtect.InitiallySet })),
        ["tdp modification log, ring"] = (Tdp(TdpLogMethod.ModificationLog), machine => new RingDirtyLog(machine, ringEntries: 1024)),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Copied_rounds_add_up_to_the_memory(string name)
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, PageCount);
        using VirtualMachine machine = Cases[name].Machine(memory);
        using IDirtyLog log = Cases[name].Log(machine);

        // Logging starts while the vCPUs run: what they wrote before is copied whole once, right after.
        byte[] copy = new byte[PageCount * GuestPage.Size];
        Exception? failure = null;
        Thread[] threads = [.. machine.Vcpus.Select(vcpu => new Thread(() =>
        {
            try
            {
                Write(vcpu);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        log.Start();
        slot.Memory.AsSpan().CopyTo(copy);

        // For so long, and longer where other processes leave it no turn.
        const int FewRounds = 10;
        int rounds = 0;
        long deadline = Environment.TickCount64 + (long)Duration.TotalMilliseconds, lastDeadline = deadline + (long)Patience.TotalMilliseconds;
        for (; Environment.TickCount64 < (rounds > FewRounds ? deadline : lastDeadline); rounds++)
            CopyDirtyPages(log, slot, copy);

        // The vCPUs stop in the middle of whatever they do; rings that are full meanwhile are emptied.
        long limit = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        foreach (Vcpu vcpu in machine.Vcpus)
            vcpu.RequestStop();
        while (threads.Any(thread => thread.IsAlive))
        {
            Assert.True(Environment.TickCount64 < limit, "The vCPUs did not stop.");
            CopyDirtyPages(log, slot, copy);
        }

        CopyDirtyPages(log, slot, copy);
        Assert.Null(failure);
        Assert.True(rounds > FewRounds, $"only {rounds} rounds");
        Assert.True(copy.AsSpan().SequenceEqual(slot.Memory.AsSpan()), $"{name}: the copy differs after {rounds} rounds");
        Report.Line($"{name}: {rounds} rounds, {log.Statistics.Entries} entries, {log.Statistics.Faults} faults, memory equal");
    }

    private static VirtualMachine Flat(GuestMemory memory) => new(memory, vcpus: 2);

    private static Func<GuestMemory, VirtualMachine> Stage2(Stage2Generation generation, ulong chunk = 0) =>
        memory => new VirtualMachine(memory, vcpus: 2, new Stage2Options { Generation = generation, EagerSplitChunk = chunk });

    private static Func<GuestMemory, VirtualMachine> Tdp(TdpLogMethod method) =>
        memory => new VirtualMachine(memory, vcpus: 2, new TdpOptions { LogMethod = method });

    private static BitmapDirtyLog Bitmap(VirtualMachine machine) => new(machine);

    private static SummaryDirtyLog Summary(VirtualMachine machine) => new(machine);

    private static RingDirtyLog SmallRing(VirtualMachine machine) => new(machine, ringEntries: 32, reservedEntries: 8);

    private static void CopyDirtyPages(IDirtyLog log, MemorySlot slot, byte[] copy)
    {
        var dirty = default(PageMask);
        log.Harvest(ref dirty);
        for (ulong mask = dirty.Pages; mask != 0; mask &= mask - 1)
        {
            int start = BitOperations.TrailingZeroCount(mask) * GuestPage.Size;
            slot.Memory.AsSpan().Slice(start, GuestPage.Size).CopyTo(copy.AsSpan(start));
        }
    }

    private static void Write(Vcpu vcpu)
    {
        var program = new RandomStores(seed: 2019 + vcpu.Id);
        while (true)
        {
            switch (vcpu.Run(ref program))
            {
                case VcpuExit.Interrupted:
                    return;
                case VcpuExit.DirtyRingFull:
                    Thread.Yield();
                    break;
                default:
                    throw new InvalidOperationException("The program neither halts nor leaves its memory.");
            }
        }
    }

    private struct RandomStores(int seed) : IGuestProgram
    {
        private ulong _state = (ulong)seed * 0x9e3779b97f4a7c15;

        public VcpuExit Step(Vcpu vcpu)
        {
            // Each vCPU has 8-byte words of its own, so the last store to each place is somebody's last.
            _state = (_state * 6364136223846793005) + 1442695040888963407;
            ulong words = PageCount * GuestPage.Size / 32;
            ulong word = (_state >> 33) % words;
            return vcpu.Store((word * 32) + ((ulong)vcpu.Id * 8), _state);
        }
    }

    private struct PageMask : IDirtyPageSink
    {
        public ulong Pages { get; private set; }

        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => Pages |= mask << (int)baseOffset;
    }
}
