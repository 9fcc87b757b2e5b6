namespace RingKit.Mmu.HashTable.Faults;

/// <summary>Why an access could not be translated: the processor's DSISR.</summary>
/// <remarks>Source: Power ISA 2.07 book III, 6.5.3; the numbers of its 32-bit register, bit 0 the least.</remarks>
[Flags]
internal enum Dsisr : uint
{
    /// <summary>No reason.</summary>
    None = 0,

    /// <summary>A virtual page class key forbids it.</summary>
    KeyFault = 0x0020_0000,

    /// <summary>The access was a store.</summary>
    Store = 0x0200_0000,

    /// <summary>The entry's protection forbids it.</summary>
    Protection = 0x0800_0000,

    /// <summary>No valid entry translates the address.</summary>
    NoEntry = 0x4000_0000,
}
