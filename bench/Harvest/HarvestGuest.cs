using RingKit.Bench.Inputs;
using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Bench.Harvest;

/// <summary>A guest with the flat page table, a log that is on, and the pages that it stores to between two harvests. All its pages share a few real ones.</summary>
internal sealed class HarvestGuest : IDisposable
{
    private const ulong Frames = 256;

    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;
    private readonly uint[] _pages;

    /// <param name="bytes">The guest's memory.</param>
    /// <param name="dirty">How many pages it stores to.</param>
    /// <param name="pattern">How they lie.</param>
    /// <param name="make">Makes its log.</param>
    public HarvestGuest(ulong bytes, int dirty, PagePattern pattern, Func<VirtualMachine, IDirtyLog> make)
    {
        ulong pages = bytes >> GuestPage.Shift;
        _memory.AddFoldedSlot(id: 0, baseGfn: 0, pages, Frames);
        _machine = new VirtualMachine(_memory);
        _log = make(_machine);
        _pages = DirtyPages.Choose(pattern, pages, dirty);
        _log.Start();

        // So that a log that goes by what the last rounds showed has settled, and what is touched is there.
        for (int round = 0; round < 4; round++)
        {
            Store();
            if (Harvest() != dirty)
                throw new InvalidOperationException($"The log {_log.Name} has not reported {dirty} pages.");
        }
    }

    /// <summary>Pages that were harvested for full rings since the last harvest.</summary>
    public long Early { get; private set; }

    /// <summary>The pattern that other suites call a shape.</summary>
    public static PagePattern PatternOf(DirtyShape shape) => shape switch
    {
        DirtyShape.Random => PagePattern.Random,
        DirtyShape.Clustered => PagePattern.Clustered,
        _ => PagePattern.Runs,
    };

    /// <summary>A round of stores; for a full ring the vCPU harvests and goes on.</summary>
    public void Store()
    {
        var program = new PageStores(_pages, 0, _pages.Length);
        while (_machine.Vcpus[0].Run(ref program) == VcpuExit.DirtyRingFull)
            Early += Take();
    }

    /// <summary>Harvests, and says how many pages the round had.</summary>
    public long Harvest()
    {
        long pages = Early + Take();
        Early = 0;
        return pages;
    }

    public void Dispose()
    {
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }

    private long Take()
    {
        var sink = default(CountingSink);
        _log.Harvest(ref sink);
        return sink.Pages;
    }

    private struct CountingSink : IDirtyPageSink
    {
        public long Pages { get; private set; }

        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => Pages += (long)ulong.PopCount(mask);
    }
}
