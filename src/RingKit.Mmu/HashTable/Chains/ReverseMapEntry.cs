using System.Runtime.InteropServices;

namespace RingKit.Mmu.HashTable.Chains;

/// <summary>What the hypervisor keeps beside each entry of the table: KVM's <c>revmap_entry</c>, 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ReverseMapEntry
{
    /// <summary>The guest's own R: its page number, its protection, its view of R and C, and <see cref="HpteR.Modified"/>. Under the entry's HvLock.</summary>
    public ulong GuestR;

    /// <summary>The next entry of the same guest page, in a circle. Under the lock of the page's rmap word.</summary>
    public uint Forward;

    /// <summary>The one before.</summary>
    public uint Back;
}
