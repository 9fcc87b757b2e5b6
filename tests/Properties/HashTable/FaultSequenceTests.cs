using FsCheck.Fluent;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.HashTable.FaultMachine;

namespace RingKit.Properties.HashTable;

/// <summary>Random sequences of what guests and hosts do to pages: chains stay well formed, and every page that was stored to is recorded.</summary>
public sealed class FaultSequenceTests
{
    private const int Addresses = 12;
    private const int Pages = 8;

    [Fact]
    public void Chains_stay_well_formed_and_no_store_is_lost() =>
        Props.Check(
            Prop.ForAll(ArbMap.Default.ArbFor<(byte Kind, byte Address, byte Page)[]>(), steps => Run(steps)),
            nameof(Chains_stay_well_formed_and_no_store_is_lost),
            maxTest: 300);

    private static bool Run((byte Kind, byte Address, byte Page)[] steps)
    {
        foreach (HashTableEra era in (HashTableEra[])[HashTableEra.ChangedBit, HashTableEra.ChangedOrder, HashTableEra.Current])
        {
            int backing = steps.Length % 2 == 0 ? 16 : 17;
            var options = new HashTableOptions { PageShift = 16, Order = 18, BackingShift = backing, Era = era, Isa30 = steps.Length % 3 == 0 };
            using var machine = new FaultMachine(options, Pages);
            ulong?[] mapped = new ulong?[Addresses];
            var written = new SortedSet<ulong>();
            foreach ((byte kind, byte address, byte page) in steps)
                Step(machine, mapped, written, kind, address % Addresses, page % (ulong)Pages);
            ChainInvariant.Check(machine.Core);

            machine.PageOut(0, Pages);
            ChainInvariant.Check(machine.Core);
            Assert.Equal(written, Recorded(machine));
        }

        return true;
    }

    private static void Step(FaultMachine machine, ulong?[] mapped, SortedSet<ulong> written, byte kind, int address, ulong page)
    {
        VirtualAddress at = X with { Address = (ulong)address << 16 };
        FaultThread thread = machine.Thread;
        switch (kind % 9)
        {
            case 0 or 1 when mapped[address] is null:
                machine.Enter(at, (page << 16) | 0x1012 | ((kind & 0x40) != 0 ? HpteR.ReferencedChanged : 0), address & 7);
                mapped[address] = page;
                break;
            case 2 when mapped[address] is not null:
                Assert.Equal(
                    HypercallStatus.Success, machine.Core.Remove(ref thread, 0, machine.IndexOf(at) + (ulong)(address & 7), 0).Status);
                mapped[address] = null;
                break;
            case 3 or 4 when mapped[address] is { } gfn:
                machine.Access(at, store: true, keepsC: kind > 127);
                written.Add(gfn);
                break;
            case 5 when mapped[address] is not null:
                machine.Access(at, store: false);
                break;
            case 6:
                machine.PageOut(page, 1 + ((ulong)kind >> 5));
                break;
            case 7:
                machine.Share(page, 1 + ((ulong)kind >> 5));
                break;
            case 8:
                machine.Age(page);
                machine.Core.PageIn(ref thread, page);
                break;
        }
    }

    private static SortedSet<ulong> Recorded(FaultMachine machine)
    {
        ulong word = machine.Slot.Changed.Take(0);
        bool inBitmap = machine.Core.Options.Era == HashTableEra.Current;
        var recorded = new SortedSet<ulong>();
        for (ulong gfn = 0; gfn < Pages; gfn++)
        {
            if (inBitmap ? (word >> (int)gfn & 1) != 0 : (machine.Rmap(gfn) & RmapFormat.Changed) != 0)
                recorded.Add(gfn);
        }

        return recorded;
    }
}
