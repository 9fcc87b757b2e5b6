using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Writes;

/// <summary>A vCPU, a device and the host write while dirty pages are harvested and copied: the copy must become equal.</summary>
public sealed class NoWriteOfAnyoneIsLost
{
    private const int PageCount = 150;
    private const int Writers = 3;
    private const int WordsOfEach = PageCount * GuestPage.Size / (8 * Writers);

    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(LongRun.IsOn ? 5000 : 50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Names => WrittenMachines.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Copied_rounds_add_up_to_the_memory(string name)
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, PageCount);
        using VirtualMachine machine = WrittenMachines.Machine(name, memory);
        using IDirtyLog log = WrittenMachines.Log(name, machine);
        byte[] copy = new byte[PageCount * GuestPage.Size];
        using var stop = new CancellationTokenSource();
        int rounds = 0;
        bool areDone = false;

        new Crew(Patience).Run(
            ("vCPU", () => RunVcpu(machine.Vcpus[0], stop.Token)),
            ("device and host", () =>
            {
                Write(machine, slot, stop.Token);
                Volatile.Write(ref areDone, true);
            }),
            ("migration", () =>
            {
                // Logging starts while all write: what was written before is copied whole once, right after.
                Thread.Sleep(1);
                log.Start();
                slot.Memory.AsSpan().CopyTo(copy);
                long deadline = Environment.TickCount64 + (long)Duration.TotalMilliseconds;
                for (; Environment.TickCount64 < deadline || rounds < 3; rounds++)
                    CopyDirtyPages(log, slot, copy, inPhases: rounds % 2 == 0);
                stop.Cancel();
                machine.Vcpus[0].RequestStop();
                while (!Volatile.Read(ref areDone) || machine.RunsVcpus)
                    CopyDirtyPages(log, slot, copy, inPhases: false);
                CopyDirtyPages(log, slot, copy, inPhases: true);
            }));

        Assert.True(copy.AsSpan().SequenceEqual(slot.Memory.AsSpan()), $"{name}: the copy differs after {rounds} rounds");
        DirtyLogStatistics cost = log.Statistics;
        Assert.True(cost.DevicePages > 0 && cost.HostPages > 0, $"{name}: {cost}");
        Report.Line($"{name}: {rounds} rounds, {cost.VcpuPages} pages of vCPUs, {cost.DevicePages} of the device, {cost.HostPages} of the host, memory equal");
    }

    // Half of the harvests put back what they took, and find it in the next one.
    private static void CopyDirtyPages(IDirtyLog log, MemorySlot slot, byte[] copy, bool inPhases)
    {
        if (inPhases)
            log.Take().Dispose();
        foreach ((_, ulong page) in DirtySet.Harvest(log))
        {
            int start = (int)page * GuestPage.Size;
            slot.Memory.AsSpan().Slice(start, GuestPage.Size).CopyTo(copy.AsSpan(start));
        }
    }

    private static void RunVcpu(Vcpu vcpu, CancellationToken stop)
    {
        var program = new RandomStores(vcpu.Id);
        while (!stop.IsCancellationRequested)
        {
            VcpuExit exit = vcpu.Run(ref program);
            Assert.True(exit is VcpuExit.Interrupted or VcpuExit.DirtyRingFull, $"{exit}");
            Thread.Yield();
        }
    }

    // The host stores by itself, and says so.
    private static void Write(VirtualMachine machine, MemorySlot slot, CancellationToken stop)
    {
        var random = new Random(2020);
        byte[] data = new byte[8];
        while (!stop.IsCancellationRequested)
        {
            random.NextBytes(data);
            Assert.Equal(Errno.None, machine.WriteAsDevice(AddressOf(1, (ulong)random.NextInt64(WordsOfEach)), data));
            ulong gpa = AddressOf(2, (ulong)random.NextInt64(WordsOfEach));
            data.CopyTo(slot.Memory.AsSpan()[(int)gpa..]);
            machine.RecordHostWrite(slot, gpa >> GuestPage.Shift);
            if (data[0] < 16)
                Thread.Yield();
        }
    }

    // Each writer has 8-byte words of its own, so the last store to each place is somebody's last.
    private static ulong AddressOf(int writer, ulong word) => (word * 8 * Writers) + ((ulong)writer * 8);

    private struct RandomStores(int vcpu) : IGuestProgram
    {
        private ulong _state = (ulong)(vcpu + 1) * 0x9e3779b97f4a7c15;

        public VcpuExit Step(Vcpu guest)
        {
            _state = (_state * 6364136223846793005) + 1442695040888963407;
            return guest.Store(AddressOf(guest.Id, (_state >> 33) % WordsOfEach), _state);
        }
    }
}
