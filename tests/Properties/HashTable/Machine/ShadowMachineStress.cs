using System.Numerics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
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
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(LongRun.IsOn ? 30 : 1);

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
        Life[] lives = [.. machine.Vcpus.Select(vcpu => new Life(machine, seed + vcpu.Id))];
        var copy = new CopySink(slot);
        int running = Vcpus, harvests = 0;
        ulong paged = 0;
        try
        {
            new Crew(Duration + TimeSpan.FromSeconds(90)).Run(
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
                            copy.Update(log);
                    }
                    finally
                    {
                        foreach (Vcpu vcpu in machine.Vcpus)
                            vcpu.RequestStop();
                    }
                }),
            ]);
            copy.Update(log);
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
            + $" {copy.PageCount} pages copied, {log.Statistics.Invalidations} mappings dropped, {log.Statistics.Faults} faults");

        // On a busy machine a thread may get no turn for long; the crew's patience ends it.
        bool HardlyMet() => copy.PageCount < Pages || Volatile.Read(ref paged) == 0;
    }

    /// <summary>A vCPU that counts in words of its own, one in each page and one at its end, vCPU 1's across it.</summary>
    private struct Life(VirtualMachine machine, int seed) : IGuestProgram
    {
        private const int Words = 2 * Pages;

        private readonly Random _random = new(seed);
        private readonly ulong[] _counters = new ulong[Words];
        private readonly byte[] _loaded = new byte[sizeof(ulong)];
        private int _id = -1;

        public ulong Stores { get; private set; }

        public VcpuExit Step(Vcpu vcpu)
        {
            _id = vcpu.Id;
            int word = _random.Next(Words);
            if (_random.Next(32) == 0)
            {
                machine.Shadow!.Tlbie(AddressOf(word));
                return VcpuExit.None;
            }

            VcpuExit exit = vcpu.Load(AddressOf(word), _loaded);
            if (exit != VcpuExit.None)
                throw new InvalidOperationException($"vCPU {vcpu.Id}'s load ended with {exit}.");
            if (BitConverter.ToUInt64(_loaded) != _counters[word])
                throw new InvalidOperationException($"vCPU {vcpu.Id} loads {BitConverter.ToUInt64(_loaded)} where it stored {_counters[word]}.");
            if (_random.Next(4) == 0)
                return VcpuExit.None;
            exit = vcpu.Store(AddressOf(word), _counters[word] + 1);
            if (exit != VcpuExit.None)
                throw new InvalidOperationException($"vCPU {vcpu.Id}'s store ended with {exit}.");
            _counters[word]++;
            Stores++;
            return VcpuExit.None;
        }

        /// <summary>Whether the memory holds what the vCPU stored last.</summary>
        public readonly void Check(MemorySlot slot)
        {
            for (int word = 0; word < Words; word++)
                Assert.Equal(_counters[word], BitConverter.ToUInt64(slot.Memory.AsSpan()[(int)AddressOf(word)..]));
        }

        // Even words lie in the middle of a page, odd ones at its end; the last page's stays inside.
        private readonly ulong AddressOf(int word)
        {
            ulong page = (ulong)word / 2 << GuestPage.Shift;
            ulong own = (ulong)_id * sizeof(ulong);
            if (word % 2 == 0)
                return page + 1024 + own;
            return word == Words - 1 ? page + 2048 + own : page + GuestPage.Size - 12 + own;
        }
    }

    /// <summary>Notes a harvest's pages and copies them when it has returned: until then they may still be stored to by mappings that it drops.</summary>
    private struct CopySink(MemorySlot slot) : IDirtyPageSink
    {
        private readonly byte[] _bytes = new byte[Pages << GuestPage.Shift];
        private readonly List<int> _noted = [];

        public ulong PageCount { get; private set; }

        public readonly void TakeAll() => slot.Memory.AsSpan().CopyTo(_bytes);

        public readonly void Accept(MemorySlot from, ulong baseOffset, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                _noted.Add((int)baseOffset + BitOperations.TrailingZeroCount(mask));
        }

        public void Update(ShadowDirtyLog log)
        {
            log.Harvest(ref this);
            foreach (int page in _noted)
                slot.Memory.AsSpan().Slice(page << GuestPage.Shift, GuestPage.Size).CopyTo(_bytes.AsSpan(page << GuestPage.Shift));
            PageCount += (ulong)_noted.Count;
            _noted.Clear();
        }

        public readonly void Check()
        {
            int at = slot.Memory.AsSpan().CommonPrefixLength(_bytes);
            Assert.True(at == _bytes.Length, $"the copy of page 0x{at >> GuestPage.Shift:X} differs at 0x{at & (GuestPage.Size - 1):X}");
        }
    }
}
