namespace RingKit.Mmu.Stage2;

/// <summary>What a leaf descriptor says beside its address and its type: bits 11..2 and 63..50, in place.</summary>
/// <param name="Bits">The bits; others are 0.</param>
public readonly record struct Stage2Attributes(ulong Bits)
{
    /// <summary>All bits that are attributes of a leaf.</summary>
    public const ulong Mask = 0xFFFC_0000_0000_0FFC;

    /// <summary>MemAttr and SH: they may not change while a translation is in use.</summary>
    public const ulong MemoryMask = (0xFUL << MemoryShift) | ShareableMask;

    /// <summary>S2AP and XN.</summary>
    public const ulong PermissionMask = ReadBit | WriteBit | ExecuteMask;

    /// <summary>S2AP[0]: may be read.</summary>
    public const ulong ReadBit = 1UL << 6;

    /// <summary>S2AP[1]: may be written.</summary>
    public const ulong WriteBit = 1UL << 7;

    /// <summary>AF: an access without it raises an access-flag fault.</summary>
    public const ulong AccessBit = 1UL << 10;

    /// <summary>DBM: with VTCR_EL2.HD the hardware sets <see cref="WriteBit"/> on the first store.</summary>
    public const ulong DirtyModifierBit = 1UL << 51;

    /// <summary>Contiguous, a hint that KVM does not use at stage 2.</summary>
    public const ulong ContiguousBit = 1UL << 52;

    /// <summary>XN, two bits.</summary>
    public const ulong ExecuteMask = 3UL << ExecuteShift;

    /// <summary>SW0 to SW3, free for software.</summary>
    public const ulong SoftwareMask = 0xFUL << SoftwareShift;

    internal const int MemoryShift = 2;
    internal const int ShareableShift = 8;
    internal const int ExecuteShift = 53;
    internal const int SoftwareShift = 55;
    private const ulong ShareableMask = 3UL << ShareableShift;
    private const ulong InnerShareable = 3;

    /// <summary>The attributes that KVM gives a mapping: inner shareable, AF set.</summary>
    /// <param name="protection">What is allowed, and the memory type.</param>
    /// <param name="forceWriteBack">Whether FEAT_S2FWB is in use, which encodes MemAttr otherwise.</param>
    /// <param name="attributes">The attributes, or none if refused.</param>
    /// <returns><see cref="Errno.Invalid"/> for two memory types, for execution of device or non-cacheable memory, and for unknown bits.</returns>
    public static Errno TryEncode(Stage2Protection protection, bool forceWriteBack, out Stage2Attributes attributes)
    {
        const Stage2Protection Types = Stage2Protection.Device | Stage2Protection.NormalNonCacheable;
        const Stage2Protection Execution = Stage2Protection.KernelExecute | Stage2Protection.UserExecute;
        const Stage2Protection Known = Types | Execution | Stage2Protection.Read | Stage2Protection.Write;
        attributes = default;
        Stage2Protection type = protection & Types, execution = protection & Execution;
        if ((protection & ~Known) != Stage2Protection.None || type == Types || (type != Stage2Protection.None && execution != Stage2Protection.None))
            return Errno.Invalid;

        Stage2MemoryType memory = type switch
        {
            Stage2Protection.Device => Stage2MemoryType.Device,
            Stage2Protection.NormalNonCacheable => Stage2MemoryType.NormalNonCacheable,
            _ => Stage2MemoryType.NormalWriteBack,
        };
        ulong bits = (MemAttrOf(memory, forceWriteBack) << MemoryShift) | (InnerShareable << ShareableShift) | AccessBit;
        bits |= ExecuteBits(execution);
        if ((protection & Stage2Protection.Read) != Stage2Protection.None)
            bits |= ReadBit;
        if ((protection & Stage2Protection.Write) != Stage2Protection.None)
            bits |= WriteBit;
        attributes = new Stage2Attributes(bits);
        return Errno.None;
    }

    /// <summary>The memory type that a MemAttr field stands for.</summary>
    /// <param name="memAttr">The field, 0 to 15.</param>
    /// <param name="forceWriteBack">Whether FEAT_S2FWB is in use.</param>
    internal static Stage2MemoryType TypeOf(ulong memAttr, bool forceWriteBack) => (memAttr, forceWriteBack) switch
    {
        (0xF, false) or (6, true) => Stage2MemoryType.NormalWriteBack,
        (5, _) => Stage2MemoryType.NormalNonCacheable,
        (1, _) => Stage2MemoryType.Device,
        _ => Stage2MemoryType.Other,
    };

    /// <summary>The XN field, in place, that allows these executions.</summary>
    internal static ulong ExecuteBits(Stage2Protection execution) => (ulong)ExecuteOf(execution) << ExecuteShift;

    /// <summary>The executions that an XN field allows.</summary>
    internal static Stage2Protection Executions(Stage2Execute execute) => execute switch
    {
        Stage2Execute.Everywhere => Stage2Protection.KernelExecute | Stage2Protection.UserExecute,
        Stage2Execute.UserOnly => Stage2Protection.UserExecute,
        Stage2Execute.KernelOnly => Stage2Protection.KernelExecute,
        _ => Stage2Protection.None,
    };

    private static ulong MemAttrOf(Stage2MemoryType type, bool forceWriteBack) => type switch
    {
        Stage2MemoryType.Device => 1,
        Stage2MemoryType.NormalNonCacheable => 5,
        _ => forceWriteBack ? 6UL : 0xF,
    };

    private static Stage2Execute ExecuteOf(Stage2Protection execution) => execution switch
    {
        Stage2Protection.KernelExecute => Stage2Execute.KernelOnly,
        Stage2Protection.UserExecute => Stage2Execute.UserOnly,
        Stage2Protection.None => Stage2Execute.Nowhere,
        _ => Stage2Execute.Everywhere,
    };
}
