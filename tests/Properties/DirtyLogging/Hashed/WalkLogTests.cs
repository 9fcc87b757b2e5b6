using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.HashTable;

namespace RingKit.Properties.DirtyLogging.Hashed;

public sealed class WalkLogTests() : HashTableDirtyLogContract(HashTableLogMethod.Walk, HashTableEra.Current);
