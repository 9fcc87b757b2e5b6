using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Tdp.Machine;

/// <summary>
/// vCPUs store and fault on threads of their own while the host harvests, stops and starts the log, and takes mappings away: what is copied must become equal to the
/// memory.
/// </summary>
public sealed class TdpMachineStress
{
    private const ulong Pages = 1100;

    [Theory]
    [InlineData(TdpLogMethod.WriteProtection, true, LogsUnderStress.Bitmap)]
    [InlineData(TdpLogMethod.WriteProtection, false, LogsUnderStress.Bitmap)]
    [InlineData(TdpLogMethod.ModificationLog, true, LogsUnderStress.Bitmap)]
    [InlineData(TdpLogMethod.ModificationLog, false, LogsUnderStress.Bitmap)]
    [InlineData(TdpLogMethod.WriteProtection, true, LogsUnderStress.Manual)]
    [InlineData(TdpLogMethod.ModificationLog, false, LogsUnderStress.Manual)]
    [InlineData(TdpLogMethod.WriteProtection, false, LogsUnderStress.InitiallySet)]
    [InlineData(TdpLogMethod.ModificationLog, true, LogsUnderStress.InitiallySet)]
    [InlineData(TdpLogMethod.WriteProtection, false, LogsUnderStress.Ring)]
    [InlineData(TdpLogMethod.ModificationLog, true, LogsUnderStress.Ring)]
    public void Copies_add_up_while_mappings_are_split_recovered_and_taken_away(TdpLogMethod method, bool eager, string logName)
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0x1f8, Pages);
        using var machine = new VirtualMachine(memory, 2, new TdpOptions
        {
            LogMethod = method,
            SplitsEagerly = eager,
            Mapping = new MappingOptions { LogsGuestMemfd = true },
            Slots = [new TdpSlotOptions { SlotId = 0, Gmem = GuestMemfdTraits.Mmap, GmemFirstPage = 0x1f8, GmemOrder = 9 }],
        });
        using WriteProtectingLog log = LogsUnderStress.Make(logName, machine);
        byte[] copy = new byte[Pages * GuestPage.Size];
        int harvests = 0;
        var crew = new Crew(TimeSpan.FromSeconds(60));
        crew.Run(
            ("vCPU 0", () => Write(machine.Vcpus[0])),
            ("vCPU 1", () => Write(machine.Vcpus[1])),
            ("host", () =>
            {
                try
                {
                    harvests = Disturb(machine, log, slot, copy);
                }
                finally
                {
                    foreach (Vcpu vcpu in machine.Vcpus)
                        vcpu.RequestStop();
                }
            }
        ));

        Copy(log, slot, copy);
        Assert.True(copy.AsSpan().SequenceEqual(slot.Memory.AsSpan()), $"the copy differs after {harvests} harvests");
        TdpStatistics done = machine.Tdp!.Statistics;
        Report.Line($"{logName}, {method}, {(eager ? "eager" : "lazy")}: {harvests} harvests, {done}");
        Assert.True(done.Zapped > 0);
    }

    private static int Disturb(VirtualMachine machine, WriteProtectingLog log, MemorySlot slot, byte[] copy)
    {
        TwoDimensionalPaging tdp = machine.Tdp!;
        var random = new Random(2025);
        int harvests = 0;
        for (long deadline = Environment.TickCount64 + 40_000; harvests < 20 || tdp.Statistics.Recovered.Of2M == 0;)
        {
            Assert.True(Environment.TickCount64 < deadline, $"only {harvests} harvests");
            log.Start();
            slot.Memory.AsSpan().CopyTo(copy);
            for (int i = random.Next(6); i >= 0; i--, harvests++)
            {
                Copy(log, slot, copy);
                ulong page = (ulong)random.Next((int)Pages - 64);
                switch (random.Next(4))
                {
                    case 0:
                        Assert.Equal(Errno.None, tdp.SetMemoryAttributes((slot.BaseGfn + page) << 12, 64 << 12, random.Next(2) == 0 ? 0 : MemoryAttributes.Private));
                        break;
                    case 1:
                        tdp.SetOrder(slot, 8, 512, random.Next(2) * 9);
                        break;
                    case 2:
                        Assert.True(tdp.CountMappings().Pages <= Pages);
                        break;
                }
            }

            // What was not harvested is forgotten by the stop; the next start copies all.
            log.Stop();
            Assert.Equal(Errno.None, tdp.SetMemoryAttributes(slot.BaseGfn << 12, Pages << 12, 0));
            tdp.SetOrder(slot, 8, 512, 9);
        }

        log.Start();
        slot.Memory.AsSpan().CopyTo(copy);
        return harvests;
    }

    // After the harvest, not in it: until it returns vCPUs may store through what they remember.
    private static void Copy(WriteProtectingLog log, MemorySlot slot, byte[] copy)
    {
        foreach ((_, ulong offset) in DirtySet.Harvest(log))
        {
            int start = (int)offset * GuestPage.Size;
            slot.Memory.AsSpan().Slice(start, GuestPage.Size).CopyTo(copy.AsSpan(start));
        }
    }

    private static void Write(Vcpu vcpu)
    {
        var program = new RandomStores(seed: 2011 + vcpu.Id);
        VcpuExit exit;
        while ((exit = vcpu.Run(ref program)) == VcpuExit.DirtyRingFull)
            Thread.Yield();
        Assert.Equal(VcpuExit.Interrupted, exit);
    }

    private struct RandomStores(int seed) : IGuestProgram
    {
        private ulong _state = (ulong)seed * 0x9e3779b97f4a7c15;

        public VcpuExit Step(Vcpu vcpu)
        {
            // Each vCPU has 8-byte words of its own, so the last store to each place is somebody's last.
            _state = (_state * 6364136223846793005) + 1442695040888963407;
            ulong word = (_state >> 33) % (Pages * GuestPage.Size / 32);
            return vcpu.Store((0x1f8ul << 12) + (word * 32) + ((ulong)vcpu.Id * 8), _state);
        }
    }
}
