using RingKit.Cli.Machines;

namespace RingKit.Cli.Harvest;

/// <summary>How much of the host's memory a guest's page table takes, and what is beside it: its pages are all alike and take none.</summary>
internal static class PageTableMemory
{
    /// <summary>The most that a guest may take: with all else it stays below 4 GiB.</summary>
    public const ulong Most = 3UL << 30;

    private const ulong HostPage = 4096;

    // A descriptor of the guest's table, and an entry of the host's.
    private const ulong BytesPerStage2Page = 16;

    // Two entries of 16 bytes in the hashed table, with their reverse map, and the page's own word.
    private const ulong BytesPerHashedPage = 88;

    /// <summary>An upper bound, in bytes.</summary>
    /// <param name="mmu">The page table.</param>
    /// <param name="pages">The guest's pages.</param>
    /// <param name="stores">How many of them it stores to. Tables are not there before that, but for the hashed one.</param>
    public static ulong For(MmuChoice mmu, ulong pages, ulong stores)
    {
        if (mmu == MmuChoice.Hash)
            return pages * BytesPerHashedPage;
        return mmu == MmuChoice.Stage2
            ? Math.Min(pages * BytesPerStage2Page, stores * 2 * HostPage)
            : Math.Min(pages * sizeof(ulong), stores * HostPage);
    }
}
