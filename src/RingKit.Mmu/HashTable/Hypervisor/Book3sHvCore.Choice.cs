using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Harvesting;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>The choice between walk and sweep, from a few pages spread over the slot.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    // A chain is followed no farther: its length is one of four figures of an estimate.
    private const int LongestSample = 4;

    private ulong TableBytes => 1UL << Table.Geometry.Order;

    private HarvestMethod Choose(HashSlot<TOrdering> slot, EntryRule rule) => Choose(slot, rule, all: false);

    private HarvestMethod ChooseForAll(bool vcpusRun) => Choose(Slots[0], RuleOf(vcpusRun), all: true);

    private HarvestMethod Choose(HashSlot<TOrdering> slot, EntryRule rule, bool all)
    {
        ulong scanned = KeepsChangedInRmap ? LoggedPages() : 0;
        SlotEstimate first = Estimate(slot, rule, all, thoroughly: false);
        double walk = Costs.Walk(first), sweep = Costs.Sweep(TableBytes, scanned, first);
        if (!Costs.IsClear(walk, sweep))
        {
            SlotEstimate second = Estimate(slot, rule, all, thoroughly: true);
            walk = Costs.Walk(second);
            sweep = Costs.Sweep(TableBytes, scanned, second);
        }

        return sweep < walk ? HarvestMethod.Sweep : HarvestMethod.FilteredWalk;
    }

    private SlotEstimate Estimate(HashSlot<TOrdering> slot, EntryRule rule, bool all, bool thoroughly)
    {
        if (!all)
            return Estimate(slot, rule, thoroughly);

        var sum = default(SlotEstimate);
        foreach (HashSlot<TOrdering> logging in Slots)
        {
            if (logging.Logs)
                sum += Estimate(logging, rule, thoroughly);
        }

        return sum;
    }

    private ulong LoggedPages()
    {
        ulong pages = 0;
        foreach (HashSlot<TOrdering> slot in Slots)
            pages += slot.Logs ? slot.PageCount : 0;
        return pages;
    }

    /// <summary>Looks at pages at equal distances, without a lock: what it sees of chains that change is a guess like the rest.</summary>
    private SlotEstimate Estimate(HashSlot<TOrdering> slot, EntryRule rule, bool thoroughly)
    {
        int count = thoroughly ? Costs.SamplePages(TableBytes, slot.PageCount) : HarvestCosts.FirstSamplePages(slot.PageCount);
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
