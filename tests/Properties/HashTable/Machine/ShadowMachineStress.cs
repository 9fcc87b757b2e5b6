using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable.Machine;

/// <summary>
/// vCPUs that store counters and drop each other's shadow mappings while pages go out and a harvester copies what is dirty: at the end the copy is the memory,
/// and every counter is as its vCPU left it.
/// </summary>
[Collection(RunAlone.Name)]
public sealed class ShadowMachineStress
{
    private const int Pages = 512;
    private const int Vcpus = 2;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(LongRun.IsOn ? 30 : 0.4);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_copy_kept_up_to_date_by_harvests_is_the_memory(bool mapsLoadsForWriting)
    {
        int seed = Environment.TickCount;
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, Pages);
        using var machine = new VirtualMachine(memory, Vcpus, new Book3sPrOptions { MapsLoadsForWriting = mapsLoadsForWriting });
        using var log = new ShadowDirtyLog(machine);
        Life[] lives = [.. machine.Vcpus.Select(vcpu => new Life(machine, vcpu.Id, seed + vcpu.Id))];
        var copy = new CopiedMemory(slot);
        int running = Vcpus, harvests = 0;
        ulong paged = 0;
        try
        {
            new Crew(Duration + TimeSpan.FromMinutes(3)).Run(
            [
                .. machine.Vcpus.Select(vcpu => ($"vCPU {vcpu.Id}", (Action)(() =>
                {
                    try
                    {
                        Assert.Equal(VcpuExit.Interrupted, vcpu.Run(ref lives[vcpu.Id]));
                    }
                    finally
                    {
                        Interlocked.Decrement(ref running);
                    }
                }))),
                ("host", () =>
                {
                    for (var random = new Random(seed + Vcpus); Volatile.Read(ref running) > 0; Thread.Yield())
                        paged += machine.Shadow!.PageOut((ulong)random.Next(Pages), (ulong)random.Next(1, 9));
                }),
                ("harvester", () =>
                {
                    try
                    {
                        log.Start();
                        copy.TakeAll();
                        for (long end = Environment.TickCount64 + (long)Duration.TotalMilliseconds; Environment.TickCount64 < end || HardlyMet(); harvests++)
                            copy.Harvest(log);
                    }
                    finally
                    {
                        foreach (Vcpu vcpu in machine.Vcpus)
                            vcpu.RequestStop();
                    }
                }),
            ]);
            copy.Harvest(log);
            copy.Check();
            foreach (Life life in lives)
                life.Check(slot);
        }
        catch
        {
            Report.Line($"{nameof(ShadowMachineStress)}: seed {seed}");
            throw;
        }

        ulong stores = lives.Aggregate(0ul, (sum, life) => sum + life.Stores);
        Report.Line($"{log.Name}, loads map {(mapsLoadsForWriting ? "for writing" : "read-only")}: {stores} stores, {paged} mappings paged out, {harvests} harvests,"
            + $" {copy.Pages} pages copied, {log.Statistics.Invalidations} mappings dropped, {log.Statistics.Faults} faults");

        // On a busy machine a thread may get no turn for long; the crew's patience ends it.
        bool HardlyMet() => copy.Pages < Pages || Volatile.Read(ref paged) == 0;
    }

    /// <summary>A vCPU that counts in words of its own, one in each page and one at its end, vCPU 1's across it.</summary>
    private struct Life(VirtualMachine machine, int id, int seed) : IGuestProgram
    {
        private readonly Random _random = new(seed);
        private readonly CountedWords _words = new(id, firstGfn: 0, Pages);

        public readonly ulong Stores => _words.Stores;

        public readonly VcpuExit Step(Vcpu vcpu)
        {
            int word = _random.Next(_words.Count);
            if (_random.Next(256) == 0)
                Thread.Yield();   // In the guest: who waits for this vCPU gets a turn.
            if (_random.Next(32) == 0)
            {
                machine.Shadow!.Tlbie(_words.AddressOf(word));
                return VcpuExit.None;
            }

            return _random.Next(4) == 0 ? _words.Look(vcpu, word) : _words.CountUp(vcpu, word);
        }

        /// <summary>Whether the memory holds what the vCPU stored last.</summary>
        public readonly void Check(MemorySlot slot) => _words.Check(slot);
    }
}
