using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.HashTable;

namespace RingKit.Properties.DirtyLogging.Hashed;

public sealed class ChooserLogTests() : HashTableDirtyLogContract(HashTableLogMethod.Cheapest, HashTableEra.Current);
