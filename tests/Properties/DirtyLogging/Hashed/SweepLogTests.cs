using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.HashTable;

namespace RingKit.Properties.DirtyLogging.Hashed;

public sealed class SweepLogTests() : HashTableDirtyLogContract(HashTableLogMethod.Sweep, HashTableEra.Current);
