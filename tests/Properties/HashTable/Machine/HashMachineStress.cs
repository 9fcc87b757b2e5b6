using System.Numerics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable.Machine;

/// <summary>
/// vCPUs that store counters and change the table by hypercalls while pages go out and a harvester copies what is dirty: at the end the copy is the memory,
/// every counter is as its vCPU left it, and chains and locks are whole.
/// </summary>
[Collection(RunAlone.Name)]
public sealed class HashMachineStress
{
    private const ulong Pages = 512;
    private const int Vcpus = 3;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(LongRun.IsOn ? 30 : 1);

    [Theory]
    [InlineData(HashTableLogMethod.Walk, HashTableEra.Current, 12, 12, false)]
    [InlineData(HashTableLogMethod.Walk, HashTableEra.ChangedBit, 16, 16, true)]
    [InlineData(HashTableLogMethod.Walk, HashTableEra.ChangedOrder, 12, 16, false)]
    [InlineData(HashTableLogMethod.Sweep, HashTableEra.Current, 12, 16, true)]
    [InlineData(HashTableLogMethod.Sweep, HashTableEra.ChangedBit, 12, 12, false)]
    [InlineData(HashTableLogMethod.Sweep, HashTableEra.ChangedOrder, 12, 16, true)]
    [InlineData(HashTableLogMethod.Cheapest, HashTableEra.Current, 16, 16, false)]
    [InlineData(HashTableLogMethod.Cheapest, HashTableEra.ChangedOrder, 12, 12, true)]
    [InlineData(HashTableLogMethod.Faults, HashTableEra.Current, 12, 12, true)]
    [InlineData(HashTableLogMethod.Faults, HashTableEra.Current, 12, 16, false)]
    [InlineData(HashTableLogMethod.Faults, HashTableEra.ChangedBit, 16, 16, false)]
    public void A_copy_kept_up_to_date_by_harvests_is_the_memory(HashTableLogMethod method, HashTableEra era, int pageShift, int guestShift, bool delaysChanged)
    {
        int seed = Environment.TickCount;
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, Pages);
        using var machine = new VirtualMachine(memory, Vcpus, new HashTableOptions
        {
            Order = HptGeometry.MinimumOrder,
            PageShift = pageShift,
            BackingShift = guestShift,
            GuestPageSize = new HptePageSize(guestShift, guestShift),
            Era = era,
            DelaysChanged = delaysChanged,
        });
        using var log = new HashTableDirtyLog(machine, method);
        GuestLife[] lives = [.. machine.Vcpus.Select(vcpu => new GuestLife(machine, guestShift, seed + vcpu.Id))];
        var copy = new CopyOfMemory(slot);
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
                        paged += machine.HashTable!.PageOut((ulong)random.Next((int)Pages) >> (pageShift - GuestPage.Shift), (ulong)random.Next(1, 9));
                }),
                ("harvester", () =>
                {
                    try
                    {
                        log.Start();
                        copy.TakeAll();
                        for (long end = Environment.TickCount64 + (long)Duration.TotalMilliseconds; Environment.TickCount64 < end; harvests++)
                            log.Harvest(ref copy);
                    }
                    finally
                    {
                        foreach (Vcpu vcpu in machine.Vcpus)
                            vcpu.RequestStop();
                    }
                }),
            ]);
            log.Harvest(ref copy);
            copy.Check();
            foreach (GuestLife life in lives)
                life.Check(slot);
            ChainInvariant.Check(machine.HashTable!.Core);
        }
        catch
        {
            Report.Line($"{nameof(HashMachineStress)}: seed {seed}");
            throw;
        }

        ulong stores = lives.Aggregate(0ul, (sum, life) => sum + life.Stores), hypercalls = lives.Aggregate(0ul, (sum, life) => sum + life.Hypercalls);
        Report.Line($"{log.Name}, {era}, host 2^{pageShift}, guest 2^{guestShift}{(delaysChanged ? ", late C" : "")}: {stores} stores, {hypercalls} hypercalls that"
            + $" changed something, {paged} entries paged out, {harvests} harvests, {copy.Pages} pages copied");
        Assert.True(stores > 100 && hypercalls > 10 && paged > 0 && harvests > 1 && copy.Pages > 0, "the threads hardly met");
    }

    // A harvest's pages are copied as it hands them over.
    private struct CopyOfMemory(MemorySlot slot) : IDirtyPageSink
    {
        private readonly byte[] _bytes = new byte[HashMachineStress.Pages << GuestPage.Shift];

        public ulong Pages { get; private set; }

        public readonly void TakeAll() => slot.Memory.AsSpan().CopyTo(_bytes);

        public void Accept(MemorySlot from, ulong baseOffset, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1, Pages++)
            {
                int start = ((int)baseOffset + BitOperations.TrailingZeroCount(mask)) << GuestPage.Shift;
                from.Memory.AsSpan().Slice(start, GuestPage.Size).CopyTo(_bytes.AsSpan(start));
            }
        }

        public readonly void Check()
        {
            int at = slot.Memory.AsSpan().CommonPrefixLength(_bytes);
            Assert.True(at == _bytes.Length, $"the copy of page 0x{at >> GuestPage.Shift:X} differs at 0x{at & (GuestPage.Size - 1):X}");
        }
    }
}
