namespace RingKit.Mmu.Tdp;

/// <summary>What recovery brought back.</summary>
/// <param name="Of2M">Tables that became mappings of 2M.</param>
/// <param name="Of1G">Tables that became mappings of 1G.</param>
public readonly record struct TdpRecovered(ulong Of2M, ulong Of1G);
