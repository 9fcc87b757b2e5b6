namespace RingKit.Mmu.Mapping;

/// <summary>A guest's access that has no mapping yet, or not enough of one.</summary>
/// <param name="Gfn">The frame: one of a slot.</param>
/// <param name="Pfn">The host's 4K frame behind it, or <see cref="NoFrame"/>.</param>
/// <param name="IsPrivate">Whether the guest meant private memory.</param>
/// <param name="IsExecute">Whether it fetched an instruction.</param>
/// <param name="MaximumLevel">The largest level that the caller wants: 4K, 2M or 1G.</param>
public readonly record struct MappingFault(
    ulong Gfn,
    ulong Pfn,
    bool IsPrivate = false,
    bool IsExecute = false,
    MappingLevel MaximumLevel = MappingLevel.Size1G)
{
    /// <summary>There is no host frame: the page is absent or in error.</summary>
    public const ulong NoFrame = ulong.MaxValue;
}
