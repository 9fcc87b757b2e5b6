using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable.Harvesting;

/// <summary>A harvest beside a thread that locks, stores through, removes and enters the same entries.</summary>
public sealed class HarvestAgainstThreads
{
    private const int Entries = 24;
    private const int Rounds = 20_000;

    [Fact]
    public void What_is_stored_before_a_harvest_is_in_it_or_in_the_next()
    {
        foreach (HarvestMethod method in (HarvestMethod[])[HarvestMethod.Walk, HarvestMethod.FilteredWalk, HarvestMethod.Sweep])
        {
            foreach (HashTableEra era in (HashTableEra[])[HashTableEra.ChangedBit, HashTableEra.Current])
                Run(method, era);
        }
    }

    [Fact]
    public void A_harvest_waits_for_another_threads_lock_and_that_thread_can_remove_the_entry_meanwhile()
    {
        foreach (HarvestMethod method in (HarvestMethod[])[HarvestMethod.Walk, HarvestMethod.Sweep])
        {
            using HarvestRig rig = HarvestScenarios.Rig(HashTableEra.Current);
            foreach (ulong index in (ulong[])[0x300, 0x301, 0x302])
            {
                rig.Enter(index, HarvestScenarios.XV + ((index - 0x300) << 7), HarvestScenarios.XR & ~HpteR.Changed);
                rig.Store(index);
            }

            Assert.True(rig.Table.TryLock(0x302));
            var crew = new Crew(TimeSpan.FromSeconds(30));
            byte[] bitmap = new byte[512];
            crew.Run(
                ("harvester", () => Get(rig, crew, bitmap, method)),
                ("remover", () =>
                {
                    // The first entry is clean, so the harvest is at the third or on its way there.
                    for (int rounds = 0; (rig.Table.LoadR(0x300) & HpteR.Changed) != 0;)
                        crew.Idle(ref rounds, "the harvest to clean the first entry");
                    Hpte entry = rig.Table.Load(0x302);
                    Remove(rig, crew, 0x302, entry with { V = entry.V & ~HpteV.HvLock });
                }
            ));
            ulong[] pages = HarvestRig.PagesOf(bitmap);
            Assert.Equal([0x42], pages);
            rig.Expect(0, method, []);
        }
    }

    private static void Run(HarvestMethod method, HashTableEra era)
    {
        using HarvestRig rig = new(new HashTableOptions { Order = 18, PageShift = 16, Era = era }, (0, 4096));
        rig.StartLogging(0);
        ulong[] written = new ulong[Entries / 2], reported = new ulong[Entries / 2];
        var crew = new Crew(TimeSpan.FromSeconds(60));
        ulong done = 0;
        crew.Run(
            ("guest", () =>
            {
                var random = new Random(7);
                for (int i = 0; i < Rounds; i++)
                    Act(rig, crew, random, written);
                HardwareOrdering.StoreRelease(ref done, 1);
            }
        ),
            ("harvester", () =>
            {
                byte[] bitmap = new byte[512];
                while (HardwareOrdering.LoadAcquire(in done) == 0)
                    Report(rig, crew, bitmap, method, reported, written);
                Report(rig, crew, bitmap, method, reported, written);
            }
        ));
        for (int page = 0; page < written.Length; page++)
            Assert.True(written[page] <= reported[page], $"{method}, {era}: page {page} was written {written[page]} times, the last harvest saw {reported[page]}.");
        for (ulong index = 0; index < rig.Table.Geometry.EntryCount; index++)
            Assert.False(rig.Table.Load(index).IsLocked);
    }

    // A page's content is the number of its last store. What a harvest reports is copied when it is over.
    private static void Report(HarvestRig rig, Crew crew, byte[] bitmap, HarvestMethod method, ulong[] reported, ulong[] written)
    {
        Get(rig, crew, bitmap, method);
        foreach (ulong page in HarvestRig.PagesOf(bitmap))
            reported[page] = HardwareOrdering.LoadAcquire(in written[page]);
    }

    private static void Act(HarvestRig rig, Crew crew, Random random, ulong[] written)
    {
        var thread = new CrewThread(crew);
        ulong index = (ulong)random.Next(Entries);
        ulong page = index / 2;
        Hpte entry = rig.Table.Lock(index, ref thread);
        switch (random.Next(4))
        {
            case 0 when entry.IsValid:
                Remove(rig, crew, index, entry);
                return;
            case 1 when !entry.IsPresent:
                Enter(rig, crew, index, page);
                return;
            case > 1 when entry.IsValid:
                // Nobody takes the entry away while it is locked: so this processor may store through it.
                HardwareOrdering.StoreRelease(ref written[page], written[page] + 1);
                rig.Table.SetByHardware(index, HpteR.ReferencedChanged);
                break;
        }

        rig.Table.Unlock(index, entry.V);
    }

    private static void Enter(HarvestRig rig, Crew crew, ulong index, ulong page)
    {
        var thread = new CrewThread(crew);
        HashSlot<HardwareOrdering> slot = rig.Core.Slots[0];
        ulong guestR = (page << 16) | HptePageSize.Medium.Selector | HpteR.Coherent | 2;
        rig.Core.Chains.StoreGuestR(index, guestR);
        ref ulong rmap = ref slot.RmapOf(page);
        ulong word = rig.Core.Chains.Lock(ref rmap, ref thread);
        rig.Core.Chains.Unlock(ref rmap, rig.Core.Chains.Add(word, (uint)index));
        ulong v = HpteV.Valid | HpteV.Large | (index << 12);
        rig.Table.StoreR(index, new Hpte(v, guestR + slot.HostAddress));
        rig.Table.Unlock(index, v);
    }

    private static void Remove(HarvestRig rig, Crew crew, ulong index, Hpte entry)
    {
        var thread = new CrewThread(crew);
        ulong r = rig.Core.Invalidate(ref thread, index, entry.V & ~HpteV.Valid);
        rig.Core.RemoveFromChain(ref thread, index, entry.PageSize!.Value, r);
        rig.Table.Unlock(index, 0);
    }

    private static void Get(HarvestRig rig, Crew crew, byte[] bitmap, HarvestMethod method)
    {
        var thread = new CrewThread(crew);
        rig.Core.GetDirtyLog(ref thread, 0, bitmap, method, vcpusRun: true, out _);
    }

    private struct CrewThread(Crew crew) : IHostThread
    {
        private int _rounds;

        public void Relax() => crew.Idle(ref _rounds, "a lock");

        public readonly void Tlbie(scoped ReadOnlySpan<ulong> indices)
        {
        }
    }
}
