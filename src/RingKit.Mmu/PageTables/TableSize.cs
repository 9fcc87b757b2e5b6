namespace RingKit.Mmu.PageTables;

/// <summary>The size of a table below the first, which arm64 with 4 KiB pages and x86 have in common.</summary>
internal static class TableSize
{
    /// <summary>Entries of 8 bytes.</summary>
    public const int Entries = 512;

    /// <summary>A page.</summary>
    public const int Bytes = Entries * sizeof(ulong);
}
