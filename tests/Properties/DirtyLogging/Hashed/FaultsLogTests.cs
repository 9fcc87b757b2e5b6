using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.HashTable;

namespace RingKit.Properties.DirtyLogging.Hashed;

public sealed class FaultsLogTests() : HashTableDirtyLogContract(HashTableLogMethod.Faults, HashTableEra.Current);
