using RingKit.Cli.Commands.Values;
using RingKit.Cli.Machines;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>How much of the host's memory a guest's page table takes, and what is beside it: its pages are all alike and take none.</summary>
internal static class PageTableMemory
{
    /// <summary>The most that a guest may take: with all else it stays below 4 GiB.</summary>
    public const ulong Most = 3UL << 30;

    private const ulong HostPage = 4096;

    // A descriptor of the guest's table, and an entry of the host's.
    private const ulong BytesPerStage2Page = 16;

    // A leaf, and a part of the tables above.
    private const ulong BytesPerTdpPage = 9;

    // Two entries of 16 bytes in the hashed table, with their reverse map, and the page's own word.
    private const ulong BytesPerHashedPage = 88;

    /// <summary>Why a guest is not measured that would take more than <see cref="Most"/>.</summary>
    public static string Refusal(MmuChoice mmu, ulong needed) =>
        $"the {mmu.Name} page table and what is beside it would take {MemorySize.Approximate(needed)}, and may take {MemorySize.Format(Most)}";

    /// <summary>An upper bound, in bytes.</summary>
    /// <param name="mmu">The page table.</param>
    /// <param name="pages">The guest's pages.</param>
    /// <param name="stores">How many of them it stores to. Tables are not there before that, but for the hashed one.</param>
    public static ulong For(MmuChoice mmu, ulong pages, ulong stores)
    {
        if (mmu == MmuChoice.Hash)
            return pages * BytesPerHashedPage;
        if (mmu == MmuChoice.Stage2)
            return Math.Min(pages * BytesPerStage2Page, stores * 2 * HostPage);
        return mmu.IsTdp
            ? Math.Min(pages * BytesPerTdpPage, stores * 2 * HostPage)
            : Math.Min(pages * sizeof(ulong), stores * HostPage);
    }
}
