namespace RingKit.Mmu.HashTable.Faults;

/// <summary>The entry that a fault is about, as the first-level handler saw it under the lock.</summary>
/// <param name="Index">Where it is.</param>
/// <param name="Entry">Its words, V without HvLock.</param>
/// <param name="Generation">The generation of entries of devices from before it was looked up, or 0 where there is no cache of them.</param>
/// <param name="IsKept">Whether it comes from that cache.</param>
internal readonly record struct FaultSnapshot(ulong Index, Hpte Entry, ulong Generation = 0, bool IsKept = false);
