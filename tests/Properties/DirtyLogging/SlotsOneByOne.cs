using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.DirtyLogging.Writes;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>The flag of one slot goes up and down while the other is logged, and the other notices nothing.</summary>
public sealed class SlotsOneByOne
{
    private static readonly Dictionary<string, (Func<GuestMemory, VirtualMachine> Machine, Func<VirtualMachine, WriteProtectingLog> Log)> Cases = new()
    {
        ["bitmap"] = (Flat, machine => new BitmapDirtyLog(machine)),
        ["ring"] = (Flat, machine => new RingDirtyLog(machine, ringEntries: 256)),
        ["ring, bitmap beside it"] = (Flat, machine => new RingDirtyLog(machine, ringEntries: 256, vcpulessWrites: VcpulessWrites.Bitmap)),
        ["summary"] = (Flat, machine => new SummaryDirtyLog(machine)),
        ["adaptive"] = (Flat, machine => new AdaptiveDirtyLog(machine)),
        ["memslot"] = (Flat, machine => new MemslotDirtyLog(machine)),
        ["memslot, manual"] = (Flat, machine => new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled })),
        ["kvm"] = (Flat, machine => new KvmDirtyLog(machine, new KvmCapabilities(KvmProfile.X86))),
        ["stage 2, bitmap"] = (Stage2, machine => new BitmapDirtyLog(machine)),
        ["stage 2, ring"] = (Stage2, machine => new RingDirtyLog(machine, ringEntries: 256)),
        ["stage 2, kvm"] = (Stage2, machine => new KvmDirtyLog(machine, new KvmCapabilities(KvmProfile.Arm64))),
        ["tdp modification log, bitmap"] = (Tdp, machine => new BitmapDirtyLog(machine)),
        ["tdp modification log, ring"] = (Tdp, machine => new RingDirtyLog(machine, ringEntries: 1024)),
        ["tdp modification log, kvm"] = (Tdp, machine => new KvmDirtyLog(machine, new KvmCapabilities(KvmProfile.X86))),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void One_slot_starts_and_stops_and_the_other_goes_on(string name)
    {
        using var memory = new GuestMemory();
        MemorySlot first = memory.AddSlot(3, 0, 1000), second = memory.AddSlot(9, 5000, 70);
        using VirtualMachine machine = Cases[name].Machine(memory);
        using WriteProtectingLog log = Cases[name].Log(machine);
        Store(machine, 1, 2, 5001, 5002);
        log.Start(first);
        log.Start(first);
        Assert.True(first.LogsDirtyPages);
        Assert.False(second.LogsDirtyPages);
        Store(machine, 1, 5001, 5003);
        Assert.Equal([(3u, 1ul)], DirtySet.Harvest(log));

        log.Start(second);
        Store(machine, 1, 2, 5001);
        log.Stop(second);
        log.Stop(second);
        Store(machine, 5005);
        Assert.Equal([(3u, 1ul), (3u, 2ul)], DirtySet.Harvest(log));
        Store(machine, 2, 5001);
        Assert.Equal([(3u, 2ul)], DirtySet.Harvest(log));

        // Off and on again: what was recorded is discarded, what comes is not.
        log.Start(second);
        Store(machine, 2, 5001, 5007);
        log.Stop(first);
        log.Start(first);
        Store(machine, 3, 5008);
        Assert.Equal([(3u, 3ul), (9u, 1ul), (9u, 7ul), (9u, 8ul)], DirtySet.Harvest(log));
        Store(machine, 2, 5001);
        Assert.Equal([(3u, 2ul), (9u, 1ul)], DirtySet.Harvest(log));
        log.Stop();
        Assert.False(first.LogsDirtyPages || second.LogsDirtyPages);
    }

    // The vCPUs write to both slots all the while.
    [Theory]
    [MemberData(nameof(Names))]
    public void A_flag_that_goes_up_and_down_loses_no_store_of_the_other_slot_nor_of_its_own_when_it_is_up(string name)
    {
        const int Toggles = 60, Patience = 60_000;
        using var memory = new GuestMemory();
        MemorySlot steady = memory.AddSlot(3, 0, 24), toggled = memory.AddSlot(9, 24, 40);
        using VirtualMachine machine = Cases[name].Machine(memory);
        using WriteProtectingLog log = Cases[name].Log(machine);
        Thread writer = new(() =>
        {
            var program = default(RandomStores);
            while (machine.Vcpus[0].Run(ref program) != VcpuExit.Interrupted)
                Thread.Yield();
        });
        writer.Start();
        log.Start(steady);
        byte[] steadyCopy = steady.Memory.AsSpan().ToArray(), toggledCopy = [];
        for (int i = 0; i < Toggles; i++)
        {
            if (toggled.LogsDirtyPages)
                log.Stop(toggled);
            log.Start(toggled);
            toggledCopy = toggled.Memory.AsSpan().ToArray();
            for (int round = 0; round < i % 3; round++)
                Copy();
        }

        machine.Vcpus[0].RequestStop();
        long limit = Environment.TickCount64 + Patience;
        while (writer.IsAlive)
        {
            Assert.True(Environment.TickCount64 < limit, "The vCPU did not stop.");
            Copy();
        }

        Copy();
        Assert.True(steadyCopy.AsSpan().SequenceEqual(steady.Memory.AsSpan()), $"{name}: the slot that was logged throughout differs");
        Assert.True(toggledCopy.AsSpan().SequenceEqual(toggled.Memory.AsSpan()), $"{name}: the slot whose log was started last differs");

        void Copy()
        {
            foreach ((uint slot, ulong offset) in DirtySet.Harvest(log))
            {
                MemorySlot from = slot == 3 ? steady : toggled;
                int start = (int)offset << 12;
                from.Memory.AsSpan().Slice(start, 4096).CopyTo((slot == 3 ? steadyCopy : toggledCopy).AsSpan(start));
            }
        }
    }

    [Fact]
    public void A_slot_of_another_machine_is_refused()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1);
        using var others = new GuestMemory();
        MemorySlot other = others.AddSlot(0, 0, 1);
        using var machine = new VirtualMachine(memory);
        using var log = new BitmapDirtyLog(machine);
        Assert.Throws<ArgumentException>("slot", () => log.Start(other));
        Assert.Throws<ArgumentException>("slot", () => log.Stop(other));
        Assert.Throws<ArgumentNullException>("slot", () => log.Start(null!));
        Assert.Throws<ArgumentNullException>("slot", () => log.Stop(null!));
    }

    private static VirtualMachine Flat(GuestMemory memory) => new(memory);

    private static VirtualMachine Stage2(GuestMemory memory) => new(memory, 1, new Stage2Options { EagerSplitChunk = 1 << 21 });

    private static VirtualMachine Tdp(GuestMemory memory) => new(memory, 1, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog });

    private static void Store(VirtualMachine machine, params ulong[] gfns)
    {
        var script = new StoreScript([.. gfns.Select(gfn => (gfn << 12, gfn))]);
        Assert.Equal(VcpuExit.Halted, machine.Vcpus[0].Run(ref script));
    }

    private struct RandomStores : IGuestProgram
    {
        private ulong _state;

        public VcpuExit Step(Vcpu vcpu)
        {
            _state = (_state * 6364136223846793005) + 1442695040888963407;
            return vcpu.Store((_state >> 33) % (64 * 512) * 8, _state);
        }
    }
}
