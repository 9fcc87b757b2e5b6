using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.HashTable.Harvesting;

/// <summary>The rule by which walk or sweep is chosen.</summary>
public sealed class HarvestCostsTests
{
    private static readonly HarvestCosts Costs = HarvestCosts.Measured;

    [Fact]
    public void A_slot_is_small_as_long_as_its_longest_walk_is_shorter_than_a_sweep()
    {
        for (int order = HptGeometry.MinimumOrder; order <= HptGeometry.MaximumOrder; order++)
        {
            ulong bytes = 1UL << order;
            ulong most = Costs.SmallSlotPages(bytes);
            double sweep = Costs.Sweep(bytes, 0, default);
            Assert.True(Costs.Walk(new SlotEstimate(most, most, 2.0 * most, 2.0 * most)) <= sweep, $"order {order}");
            Assert.True(Costs.Walk(new SlotEstimate(most + 1, most + 1, 2.0 * (most + 1), 2.0 * (most + 1))) > sweep, $"order {order}");
        }
    }

    [Fact]
    public void A_slot_is_large_from_where_its_shortest_walk_is_longer_than_a_sweep()
    {
        for (int order = HptGeometry.MinimumOrder; order <= HptGeometry.MaximumOrder; order++)
        {
            ulong bytes = 1UL << order;
            ulong least = Costs.LargeSlotPages(bytes);
            foreach (double part in (double[])[0, 0.01, 1])
            {
                var large = new SlotEstimate(least, part * least, part * least, part * least);
                Assert.True(Costs.Walk(large) >= Costs.Sweep(bytes, 0, large), $"order {order}, {part}");
            }

            Assert.True(Costs.Walk(new SlotEstimate(least - 1, 0, 0, 0)) < Costs.Sweep(bytes, 0, default), $"order {order}");
            Assert.True(least > Costs.SmallSlotPages(bytes));
        }
    }

    [Fact]
    public void A_graphics_card_s_slot_is_walked_beside_a_table_of_8_MiB() => Assert.True(Costs.SmallSlotPages(8 << 20) >= 256);

    [Fact]
    public void A_slot_that_nobody_maps_is_walked_where_the_table_is_large_for_it()
    {
        using GuestMemory memory = new();
        memory.AddSlotWithoutBytes(0, 0, 1 << 14);
        using var core = new Book3sHvCore<HardwareOrdering>(memory, new HashTableOptions { Order = 22 });
        Assert.Equal(HarvestMethod.FilteredWalk, core.Choose(core.Slots[0], EntryRule.Changed));
    }

    [Fact]
    public void A_slot_of_many_pages_is_swept_where_the_table_is_small_for_it()
    {
        using GuestMemory memory = new();
        memory.AddSlotWithoutBytes(0, 0, 1 << 20);
        using var core = new Book3sHvCore<HardwareOrdering>(memory, new HashTableOptions { Order = 18 });
        Assert.Equal(HarvestMethod.Sweep, core.Choose(core.Slots[0], EntryRule.Changed));
    }
}
