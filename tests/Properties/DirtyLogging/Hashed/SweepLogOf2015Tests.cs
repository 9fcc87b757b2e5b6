using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.HashTable;

namespace RingKit.Properties.DirtyLogging.Hashed;

public sealed class SweepLogOf2015Tests() : HashTableDirtyLogContract(HashTableLogMethod.Sweep, HashTableEra.ChangedOrder);
