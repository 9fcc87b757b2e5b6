namespace RingKit.Mmu.Stage2;

/// <summary>How many mappings of each size there are.</summary>
/// <param name="Pages">Of 4 KiB.</param>
/// <param name="Blocks2M">Of 2 MiB.</param>
/// <param name="Blocks1G">Of 1 GiB.</param>
public readonly record struct Stage2Mappings(ulong Pages, ulong Blocks2M, ulong Blocks1G);
