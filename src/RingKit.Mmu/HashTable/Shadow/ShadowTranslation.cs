namespace RingKit.Mmu.HashTable.Shadow;

/// <summary>A translation by which a vCPU may go on until a tlbie for its handle.</summary>
/// <param name="Handle">The number by which a tlbie names it.</param>
/// <param name="Gfn">The guest's frame.</param>
/// <param name="MayWrite">Whether stores go through.</param>
internal readonly record struct ShadowTranslation(ulong Handle, ulong Gfn, bool MayWrite);
