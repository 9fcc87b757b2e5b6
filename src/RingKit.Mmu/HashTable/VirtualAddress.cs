namespace RingKit.Mmu.HashTable;

/// <summary>A virtual address as the processor looks it up: an effective address and what its segment-lookaside entry says of it.</summary>
/// <param name="Vsid">The virtual segment id: at most 50 bits, or 38 in a segment of 1 TiB.</param>
/// <param name="Address">The effective address; what lies above the segment is ignored.</param>
/// <param name="BaseShift">log2 of the segment's page size: 12, 16, 24 or 34.</param>
/// <param name="IsOneTebibyteSegment">Whether the segment has 1 TiB, not 256 MiB.</param>
internal readonly record struct VirtualAddress(ulong Vsid, ulong Address, int BaseShift, bool IsOneTebibyteSegment);
