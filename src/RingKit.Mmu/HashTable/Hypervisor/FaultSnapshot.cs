namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>The entry that a fault is about, as the first-level handler saw it under the lock.</summary>
/// <param name="Index">Where it is.</param>
/// <param name="Entry">Its words, V without HvLock.</param>
internal readonly record struct FaultSnapshot(ulong Index, Hpte Entry);
