using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;

namespace RingKit.Properties.DirtyLogging.Hashed;

/// <summary>The contract of every log, for those over a hashed page table, in each of KVM's generations that report whole pages.</summary>
public abstract class HashTableDirtyLogContract(HashTableLogMethod method, HashTableEra era)
    : DirtyLogContract(machine => new HashTableDirtyLog(machine, method), memory => Machine(memory, era))
{
    internal static VirtualMachine Machine(GuestMemory memory, HashTableEra era = HashTableEra.Current) =>
        new(memory, vcpus: 2, new HashTableOptions { Order = HptGeometry.MinimumOrder, BackingShift = 12, Era = era });
}
