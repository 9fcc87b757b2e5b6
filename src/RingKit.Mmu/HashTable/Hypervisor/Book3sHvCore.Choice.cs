using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Resizing;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>The choice between walk and sweep, from a few pages spread over the slot.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    // A chain is followed no farther: its length is one of four figures of an estimate.
    private const int LongestSample = 4;

    private ulong TableBytes => 1UL << Table.Geometry.Order;

    // Of the table and the costs at hand: where the whole harvest takes some microseconds, their lines and the code that computes it are a tenth of it, and
    // so are four pages to look at where it takes fifty.
    private ulong _smallSlotPages;
    private ulong _largeSlotPages;

    /// <summary>What <see cref="HarvestMethod.Cheapest"/> takes for a slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal HarvestMethod Choose(HashSlot<TOrdering> slot, EntryRule rule) =>
        slot.PageCount <= _smallSlotPages ? HarvestMethod.FilteredWalk
        : slot.PageCount >= _largeSlotPages ? HarvestMethod.Sweep
        : ChooseByEstimate(slot, rule);

    [MemberNotNull(nameof(Hpt))]
    private void Use(HptInfo<TOrdering> hpt)
    {
        Hpt = hpt;
        _smallSlotPages = Costs.SmallSlotPages(TableBytes);
        _largeSlotPages = KeepsChangedInRmap ? ulong.MaxValue : Costs.LargeSlotPages(TableBytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private HarvestMethod ChooseByEstimate(HashSlot<TOrdering> slot, EntryRule rule) => Choose(Estimate(slot, rule));

    private HarvestMethod ChooseForAll(bool vcpusRun)
    {
        var sum = default(SlotEstimate);
        foreach (HashSlot<TOrdering> slot in Slots)
        {
            if (slot.Logs)
                sum += Estimate(slot, RuleOf(vcpusRun));
        }

        return Choose(sum);
    }

    private HarvestMethod Choose(SlotEstimate estimate) =>
        Costs.Sweep(TableBytes, KeepsChangedInRmap ? LoggedPages() : 0, estimate) < Costs.Walk(estimate)
            ? HarvestMethod.Sweep
            : HarvestMethod.FilteredWalk;

    private ulong LoggedPages()
    {
        ulong pages = 0;
        foreach (HashSlot<TOrdering> slot in Slots)
            pages += slot.Logs ? slot.PageCount : 0;
        return pages;
    }

    /// <summary>Looks at pages at equal distances, without a lock: what it sees of chains that change is a guess like the rest.</summary>
    private SlotEstimate Estimate(HashSlot<TOrdering> slot, EntryRule rule)
    {
        int count = Costs.SamplePages(TableBytes, slot.PageCount);
        double pagesPerSample = (double)slot.PageCount / count;
        int mapped = 0, entries = 0, taken = 0;
        for (int i = 0; i < count; i++)
        {
            ulong word = TOrdering.LoadRelaxed(ref slot.RmapOf((ulong)(i * pagesPerSample)));
            if ((word & RmapFormat.Present) == 0 || !Table.IsEntry(word & RmapFormat.Index))
                continue;

            mapped++;
            uint head = (uint)(word & RmapFormat.Index);
            uint index = head;
            int length = 0;
            do
            {
                entries++;
                if (rule.Wants(Table.LoadR(index)))
                    taken++;
                index = Chains.PeekNext(index);
            }
            while (index != head && Table.IsEntry(index) && ++length < LongestSample);
        }

        return new SlotEstimate(slot.PageCount, mapped * pagesPerSample, entries * pagesPerSample, taken * pagesPerSample);
    }
}
