namespace RingKit.Mmu.HashTable;

/// <summary>The bits of V, the first word of a hashed page-table entry, by value: the word as the guest writes it, bit 0 the least.</summary>
/// <remarks>Source: Power ISA 2.07 book III, PAPR, and what KVM keeps in the bits that PAPR leaves to the hypervisor (<see cref="Absent"/>, <see cref="HvLock"/>).</remarks>
public static class HpteV
{
    /// <summary>The processor may translate by the entry.</summary>
    public const ulong Valid = 0x01;

    /// <summary>The entry stands in the group that the secondary hash names.</summary>
    public const ulong Secondary = 0x02;

    /// <summary>The page is larger than 4 KiB, or its segment mixes sizes: <see cref="HpteR.LargePage"/> says which.</summary>
    public const ulong Large = 0x04;

    /// <summary>The guest's own lock; nobody else looks at it.</summary>
    public const ulong GuestLock = 0x08;

    /// <summary>The guest's mark for entries that it must not lose; they alone survive a resize.</summary>
    public const ulong Bolted = 0x10;

    /// <summary>The guest regards the entry as valid and the processor does not: its page has no host page at the moment, or is no memory at all.</summary>
    public const ulong Absent = 0x20;

    /// <summary>The hypervisor's lock on the entry.</summary>
    public const ulong HvLock = 0x40;

    /// <summary>The abbreviated virtual page number: bits 23 and up of the virtual address.</summary>
    public const ulong Avpn = 0x3FFF_FFFF_FFFF_FF80;

    /// <summary>The segment's size.</summary>
    public const ulong SegmentSize = 0xC000_0000_0000_0000;

    /// <summary><see cref="SegmentSize"/> of a 1 TiB segment; 0 is one of 256 MiB, other values are reserved.</summary>
    public const ulong OneTebibyte = 0x4000_0000_0000_0000;

    /// <summary>What an AVPN that a hypercall gives is compared with: all but the software and state bits.</summary>
    public const ulong Compared = ~0x7FUL;
}
