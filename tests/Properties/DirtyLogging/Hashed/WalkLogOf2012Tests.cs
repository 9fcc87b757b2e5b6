using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.HashTable;

namespace RingKit.Properties.DirtyLogging.Hashed;

public sealed class WalkLogOf2012Tests() : HashTableDirtyLogContract(HashTableLogMethod.Walk, HashTableEra.ChangedBit);
