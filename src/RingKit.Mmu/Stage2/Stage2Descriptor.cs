using System.Runtime.CompilerServices;

namespace RingKit.Mmu.Stage2;

/// <summary>One 64-bit entry of a stage-2 table, 4K granule without LPA2. Everything is derived from its bits.</summary>
/// <remarks>Source: VMSAv8-64 stage-2 descriptors, as KVM on arm64 fills them. Any value is possible; <see cref="KindAt"/> says what it is at a level.</remarks>
/// <param name="Raw">The entry.</param>
public readonly record struct Stage2Descriptor(ulong Raw)
{
    /// <summary>Bit 0: the hardware looks at the rest.</summary>
    public const ulong ValidBit = 1UL << 0;

    /// <summary>Bit 1: a table (levels 0 to 2) or a page (level 3); without it a block.</summary>
    public const ulong TypeBit = 1UL << 1;

    /// <summary>Bits 47..12, the output address.</summary>
    public const ulong AddressMask = 0x0000_FFFF_FFFF_F000;

    /// <summary>The note of an entry whose break-before-make is under way: KVM_INVALID_PTE_LOCKED of kernels up to about 7.0.</summary>
    public const ulong LockedNote = 1UL << 10;

    private const int OwnerShift = 2;
    private const ulong OwnerMask = 0xFFUL << OwnerShift;

    /// <summary>Whether bit 0 is set. The pattern may still be reserved at its level.</summary>
    public bool IsValid => (Raw & ValidBit) != 0;

    /// <summary>Whether the entry holds a reference on its table: it is not zero.</summary>
    public bool IsCounted => Raw != 0;

    /// <summary>Whether a thread is between break and make of the entry.</summary>
    public bool IsLocked => Raw == LockedNote;

    /// <summary>The owner that a not valid entry notes (pKVM), 0 for none.</summary>
    public byte Owner => IsValid ? (byte)0 : (byte)((Raw & OwnerMask) >> OwnerShift);

    /// <summary>The next table's address; of a leaf <see cref="OutputAddress"/>.</summary>
    public ulong TableAddress => Raw & AddressMask;

    /// <summary>MemAttr, 0 to 15.</summary>
    public int MemAttr => (int)((Raw >> Stage2Attributes.MemoryShift) & 0xF);

    /// <summary>S2AP[0].</summary>
    public bool IsReadable => (Raw & Stage2Attributes.ReadBit) != 0;

    /// <summary>S2AP[1].</summary>
    public bool IsWritable => (Raw & Stage2Attributes.WriteBit) != 0;

    /// <summary>SH, 0 to 3; 3 is inner shareable.</summary>
    public int Shareability => (int)((Raw >> Stage2Attributes.ShareableShift) & 3);

    /// <summary>AF.</summary>
    public bool IsAccessed => (Raw & Stage2Attributes.AccessBit) != 0;

    /// <summary>DBM.</summary>
    public bool HasDirtyModifier => (Raw & Stage2Attributes.DirtyModifierBit) != 0;

    /// <summary>The contiguous hint.</summary>
    public bool IsContiguous => (Raw & Stage2Attributes.ContiguousBit) != 0;

    /// <summary>XN.</summary>
    public Stage2Execute Execute => (Stage2Execute)((Raw & Stage2Attributes.ExecuteMask) >> Stage2Attributes.ExecuteShift);

    /// <summary>SW0 to SW3, 0 to 15.</summary>
    public int Software => (int)((Raw & Stage2Attributes.SoftwareMask) >> Stage2Attributes.SoftwareShift);

    /// <summary>All attributes of a leaf.</summary>
    public Stage2Attributes Attributes => new(Raw & Stage2Attributes.Mask);

    /// <summary>A descriptor of a table. It carries no attributes at stage 2.</summary>
    /// <param name="address">The table's address, a multiple of 4 KiB below 2^48.</param>
    /// <exception cref="ArgumentOutOfRangeException">The address is none of these.</exception>
    public static Stage2Descriptor Table(ulong address)
    {
        if ((address & ~AddressMask) != 0)
            throw new ArgumentOutOfRangeException(nameof(address), address, "A table's address is a multiple of 4 KiB below 2^48.");
        return new Stage2Descriptor(address | TypeBit | ValidBit);
    }

    /// <summary>A descriptor of a block or a page.</summary>
    /// <param name="level">1 (1 GiB), 2 (2 MiB) or 3 (4 KiB).</param>
    /// <param name="address">The output address, a multiple of the size below 2^48.</param>
    /// <param name="attributes">The attributes.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static Stage2Descriptor Leaf(int level, ulong address, Stage2Attributes attributes)
    {
        if (level is < Stage2Geometry.MinimumBlockLevel or > Stage2Geometry.LastLevel)
            throw new ArgumentOutOfRangeException(nameof(level), level, "Blocks are at level 1 or 2, pages at level 3.");
        if ((address & ~AddressMask) != 0 || (address & (Stage2Geometry.SizeAt(level) - 1)) != 0)
            throw new ArgumentOutOfRangeException(nameof(address), address, "An output address is a multiple of the leaf's size below 2^48.");
        if ((attributes.Bits & ~Stage2Attributes.Mask) != 0)
            throw new ArgumentOutOfRangeException(nameof(attributes), attributes.Bits, "Attributes are bits 11..2 and 63..50.");
        return new Stage2Descriptor(address | attributes.Bits | (level == Stage2Geometry.LastLevel ? TypeBit : 0) | ValidBit);
    }

    /// <summary>An entry that maps nothing and notes an owner.</summary>
    /// <param name="owner">1 to 255.</param>
    /// <exception cref="ArgumentOutOfRangeException">The owner is 0, which is no note.</exception>
    public static Stage2Descriptor OwnedBy(byte owner) => owner != 0
        ? new Stage2Descriptor((ulong)owner << OwnerShift)
        : throw new ArgumentOutOfRangeException(nameof(owner), owner, "Owners are 1 to 255.");

    /// <summary>What the entry is at a level.</summary>
    /// <param name="level">0 to 3.</param>
    public Stage2DescriptorKind KindAt(int level)
    {
        if (!IsValid)
            return Raw == 0 ? Stage2DescriptorKind.Empty : Stage2DescriptorKind.Annotation;
        if ((Raw & TypeBit) != 0)
            return level == Stage2Geometry.LastLevel ? Stage2DescriptorKind.Page : Stage2DescriptorKind.Table;
        return level is >= Stage2Geometry.MinimumBlockLevel and < Stage2Geometry.LastLevel ? Stage2DescriptorKind.Block : Stage2DescriptorKind.Reserved;
    }

    /// <summary>Whether the entry maps memory at a level: a block or a page.</summary>
    /// <param name="level">0 to 3.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsLeafAt(int level) => level == Stage2Geometry.LastLevel
        ? (Raw & (TypeBit | ValidBit)) == (TypeBit | ValidBit)
        : (Raw & (TypeBit | ValidBit)) == ValidBit && level is >= Stage2Geometry.MinimumBlockLevel and < Stage2Geometry.LastLevel;

    /// <summary>Whether the entry names a table at a level.</summary>
    /// <param name="level">0 to 3.</param>
    public bool IsTableAt(int level) => (Raw & (TypeBit | ValidBit)) == (TypeBit | ValidBit) && level != Stage2Geometry.LastLevel;

    /// <summary>The output address of a leaf: of its first byte. Bits below its size are ignored.</summary>
    /// <param name="level">1 to 3.</param>
    public ulong OutputAddress(int level) => Raw & AddressMask & ~(Stage2Geometry.SizeAt(level) - 1);

    /// <summary>The memory type of a leaf.</summary>
    /// <param name="forceWriteBack">Whether FEAT_S2FWB is in use.</param>
    public Stage2MemoryType MemoryType(bool forceWriteBack) => Stage2Attributes.TypeOf((ulong)MemAttr, forceWriteBack);

    /// <summary>The same without write permission.</summary>
    public Stage2Descriptor WriteProtected => new(Raw & ~Stage2Attributes.WriteBit);

    /// <summary>The same with AF.</summary>
    public Stage2Descriptor Young => new(Raw | Stage2Attributes.AccessBit);

    /// <summary>The same without AF.</summary>
    public Stage2Descriptor Old => new(Raw & ~Stage2Attributes.AccessBit);

    /// <summary>The same with a DBM.</summary>
    public Stage2Descriptor WithDirtyModifier => new(Raw | Stage2Attributes.DirtyModifierBit);

    /// <summary>The same with a value in SW0 to SW3.</summary>
    /// <param name="value">0 to 15.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of these.</exception>
    public Stage2Descriptor WithSoftware(int value) => value is >= 0 and <= 15
        ? new Stage2Descriptor((Raw & ~Stage2Attributes.SoftwareMask) | ((ulong)value << Stage2Attributes.SoftwareShift))
        : throw new ArgumentOutOfRangeException(nameof(value), value, "The software bits are four: 0 to 15.");
}
