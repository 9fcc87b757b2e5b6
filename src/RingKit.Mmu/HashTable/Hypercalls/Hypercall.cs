namespace RingKit.Mmu.HashTable.Hypercalls;

/// <summary>The hypercalls on the hashed page table, by the number in r3.</summary>
/// <remarks>Source: PAPR.</remarks>
public static class Hypercall
{
    /// <summary>H_REMOVE: takes an entry out.</summary>
    public const ulong Remove = 0x04;

    /// <summary>H_ENTER: puts an entry in.</summary>
    public const ulong Enter = 0x08;

    /// <summary>H_READ: shows one entry, or four.</summary>
    public const ulong Read = 0x0C;

    /// <summary>H_CLEAR_MOD: clears the guest's C of an entry.</summary>
    public const ulong ClearModified = 0x10;

    /// <summary>H_CLEAR_REF: clears the guest's R of an entry.</summary>
    public const ulong ClearReferenced = 0x14;

    /// <summary>H_PROTECT: changes an entry's protection and key.</summary>
    public const ulong Protect = 0x18;

    /// <summary>H_PAGE_INIT: zeroes or copies a page of 4 KiB.</summary>
    public const ulong PageInit = 0x2C;

    /// <summary>H_BULK_REMOVE: takes up to four entries out.</summary>
    public const ulong BulkRemove = 0x124;
}
