using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using RingKit.Properties.Support;
using RingKit.Sweeps;
using Xunit;

namespace RingKit.Properties.HashTable.Harvesting;

/// <summary>The same random life of a table, harvested by each method: the same bitmaps, and the same words in the table and beside it.</summary>
public sealed class HarvestAgreement
{
    private static readonly (ulong Base, ulong Pages)[] Slots = [(0, 0x800), (0x1000, 0x440), (0x2000, 0x1000)];

    // So many entries are in use, spread over the table, so that scripts meet each other.
    private const int Places = 48;

    [Fact]
    public void Walk_and_sweep_agree_in_bitmaps_entries_and_the_guests_view() =>
        Props.Check(Agree(HashTableDefects.None), nameof(HarvestAgreement), maxTest: 100);

    [Fact]
    public void A_sweep_that_takes_too_much_is_found()
    {
        foreach (HashTableDefects defect in (HashTableDefects[])[HashTableDefects.SweepIgnoresValid, HashTableDefects.SweepTakesEverySlot])
        {
            Assert.Throws<PropertyFailedException>(
                () => Props.Check(Agree(defect), nameof(defect), new PropsSeed(5, 7, Size: null), maxTest: 100, endSize: 100));
        }
    }

    private static Property Agree(HashTableDefects defects) => Prop.ForAll(Arb.From(Scripts, Shorter), script =>
    {
        HashTableOptions options = OptionsFrom(new Random(script.Seed)) with { Defects = defects };
        using var walk = new HarvestLife(options, Slots, Places, HarvestMethod.Walk);
        using var filtered = new HarvestLife(options, Slots, Places, HarvestMethod.FilteredWalk);
        using var sweep = new HarvestLife(options, Slots, Places, HarvestMethod.Sweep);
        using var cheapest = new HarvestLife(options, Slots, Places, HarvestMethod.Cheapest);
        foreach (int step in script.Steps)
        {
            string bitmaps = walk.Step(new Random(step));
            Assert.Equal(bitmaps, filtered.Step(new Random(step)));
            Assert.Equal(bitmaps, sweep.Step(new Random(step)));
            Assert.Equal(bitmaps, cheapest.Step(new Random(step)));
            if (bitmaps.Length == 0)
                continue;
            AssertSame(walk.Rig, filtered.Rig);
            AssertSame(walk.Rig, sweep.Rig);
            AssertSame(walk.Rig, cheapest.Rig);
        }
    });

    private static Gen<(int Seed, int[] Steps)> Scripts =>
        Gen.Choose(0, int.MaxValue).Zip(Gen.Choose(0, int.MaxValue).ArrayOf(200)).Select(script => (script.Item1, script.Item2));

    private static IEnumerable<(int Seed, int[] Steps)> Shorter((int Seed, int[] Steps) script)
    {
        for (int length = script.Steps.Length / 2; length > 0; length /= 2)
        {
            for (int start = 0; start + length <= script.Steps.Length; start += length)
                yield return (script.Seed, [.. script.Steps[..start], .. script.Steps[(start + length)..]]);
        }
    }

    private static HashTableOptions OptionsFrom(Random random) => new()
    {
        Order = 18,
        PageShift = random.Next(2) == 0 ? 12 : 16,
        Era = (HashTableEra)random.Next(4),
        Isa30 = random.Next(2) == 0,
        HarvestsThoroughly = random.Next(4) != 0,
    };

    private static void AssertSame(HarvestRig one, HarvestRig other)
    {
        ReadOnlySpan<WordPair> entries = one.Table.View.AsSpan();
        Assert.True(entries.SequenceEqual(other.Table.View.AsSpan()), "The tables differ.");
        for (ulong index = 0; index < one.Table.Geometry.EntryCount; index++)
        {
            if (one.GuestR(index) != other.GuestR(index))
                Assert.Fail($"The guest's R of entry {index} is 0x{one.GuestR(index):X} and 0x{other.GuestR(index):X}.");
            Assert.False(one.Table.Load(index).IsLocked);
        }

        for (int i = 0; i < one.Core.Slots.Length; i++)
        {
            HashSlot<HardwareOrdering> slot = one.Core.Slots[i];
            Assert.True(slot.Rmap.AsSpan().SequenceEqual(other.Core.Slots[i].Rmap.AsSpan()), "The rmap words differ.");
            Assert.Equal(-1, slot.Rmap.AsSpan().ToArray().AsSpan().IndexOf(one.Core.Format.Lock));
        }
    }
}
