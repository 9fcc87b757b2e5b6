using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.HashTable.FaultMachine;

namespace RingKit.Properties.HashTable;

/// <summary>Threads that enter, protect, remove and fault the same pages while the host takes them away: no deadlock, and all is well formed at the end.</summary>
public sealed class FaultStressTests
{
    private const int Pages = 4;
    private const int SlotPages = 4096;
    private const int Steps = 100_000;

    private int _guests = 2;

    [Fact]
    public void Guests_and_host_at_the_same_pages_leave_whole_chains_and_no_locks()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(id: 1, baseGfn: 0, pageCount: SlotPages << 4);
        using var core = new Book3sHvCore<HardwareOrdering>(memory, new() { PageShift = 16, BackingShift = 16, Order = 18 });
        int seed = Environment.TickCount;
        int steps = LongRun.IsOn ? Steps * 20 : Steps;
        var crew = new Crew(TimeSpan.FromSeconds(LongRun.IsOn ? 600 : 60));
        try
        {
            crew.Run(
                ("vCPU 0", () => RunGuest(core, crew, new Random(seed), steps)),
                ("vCPU 1", () => RunGuest(core, crew, new Random(seed + 1), steps)),
                ("host", () => RunHost(core, crew, new Random(seed + 2))));
            ChainInvariant.Check(core);
        }
        catch
        {
            Report.Line($"{nameof(FaultStressTests)}: seed {seed}");
            throw;
        }
    }

    private void RunGuest(Book3sHvCore<HardwareOrdering> core, Crew crew, Random random, int steps)
    {
        try
        {
            UsePages(core, crew, random, steps);
        }
        finally
        {
            Interlocked.Decrement(ref _guests);
        }
    }

    private static void UsePages(Book3sHvCore<HardwareOrdering> core, Crew crew, Random random, int steps)
    {
        var thread = new CrewThread(crew);
        for (int step = 0; step < steps; step++)
        {
            VirtualAddress address = X with { Address = (ulong)random.Next(6) << 16 };
            ulong group = core.Table.Geometry.Group(HptGeometry.Hash(address.Vsid, address.Address, 16, oneTebibyte: false));
            ulong index = (group * HptGeometry.EntriesPerGroup) + (ulong)random.Next(2);
            switch (random.Next(8))
            {
                case 0 or 1:
                    ulong v = HptGeometry.FirstWord(address.Vsid, address.Address, 16, oneTebibyte: false);
                    core.Enter(ref thread, HypercallFlags.Exact, index, v, ((ulong)random.Next(Pages) << 16) | 0x1192);
                    break;
                case 2:
                    core.Remove(ref thread, 0, index, 0);
                    break;
                case 3:
                    core.Protect(ref thread, 0, index, 0);
                    break;
                default:
                    Dsisr status = (random.Next(2) == 0 ? Dsisr.NoEntry : Dsisr.Protection) | (random.Next(2) == 0 ? Dsisr.Store : Dsisr.None);
                    var fault = new StorageFault(address, status);
                    FirstLevelFault judged = core.JudgeFault(ref thread, fault);
                    if (judged.Outcome == FaultOutcome.HostHandler)
                        Assert.NotEqual(PageFaultOutcome.NoHostPage, core.HandlePageFault(ref thread, fault, judged.Snapshot));
                    index = judged.Snapshot.Index;
                    break;
            }

            Hpte entry = core.Table.Lock(index, ref thread);
            string? mismatch = entry.IsValid ? ChainInvariant.FindMismatch(core, entry, core.Chains.LoadGuestR(index)) : null;
            core.Table.Unlock(index, entry.V);
            Assert.Null(mismatch);
        }
    }

    private void RunHost(Book3sHvCore<HardwareOrdering> core, Crew crew, Random random)
    {
        var thread = new CrewThread(crew);
        while (Volatile.Read(ref _guests) != 0)
        {
            ulong gfn = (ulong)random.Next(Pages);
            switch (random.Next(8))
            {
                case 0 or 1:
                    core.PageOut(ref thread, gfn, 2);
                    break;
                case 2:
                    core.Share(ref thread, gfn);
                    break;
                case 3:
                    core.Age(ref thread, gfn, 2);
                    break;
                default:
                    // Pages that nobody uses, for long: faults wait between their two looks at the entry.
                    core.PageIn(ref thread, Pages, SlotPages);
                    break;
            }
        }
    }

    private struct CrewThread(Crew crew) : IHostThread
    {
        private int _rounds;

        public void Relax() => crew.Idle(ref _rounds, "a lock");

        public void Tlbie(scoped ReadOnlySpan<ulong> indices) => _rounds = 0;
    }
}
