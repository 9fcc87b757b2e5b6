using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

// Its harvest reads a summary of each slot, and a word of each bitmap.
public sealed class SummaryDirtyLogTests() : WriteProtectingLogContract(machine => new SummaryDirtyLog(machine), bytesOfTheBooks: 4 * 8)
{
    [Fact]
    public void A_harvest_reads_what_leads_to_dirty_pages_and_nothing_else()
    {
        // 4 Mi pages and one more: 1025 words of 64 words' summaries, so there are two levels of summaries, the higher one of 17 words.
        const ulong Pages = (1 << 22) + 1;
        using var memory = new GuestMemory();
        memory.AddSlotWithoutBytes(0, 0, Pages);
        using var machine = new VirtualMachine(memory);
        using var log = new SummaryDirtyLog(machine);
        log.Start();
        Assert.Equal(17ul, WordsRead(log, machine));

        // One word, two neighbours under one summary word, and two far from each other.
        Assert.Equal(17 + 2ul, WordsRead(log, machine, 100, 101));
        Assert.Equal(17 + 3ul, WordsRead(log, machine, 100, 200));
        Assert.Equal(17 + 4ul, WordsRead(log, machine, 0, Pages - 1));
        Assert.Equal(17ul, WordsRead(log, machine));
    }

    private static ulong WordsRead(SummaryDirtyLog log, VirtualMachine machine, params ulong[] pages)
    {
        foreach (ulong page in pages)
            log.Record(machine.Vcpus[0], machine.Memory.Slots[0], page);
        DirtyLogStatistics before = log.Statistics;
        Assert.Equal(pages.Select(page => (0u, page)), DirtySet.Harvest(log));
        return (log.Statistics - before).BytesTouched / sizeof(ulong);
    }
}
