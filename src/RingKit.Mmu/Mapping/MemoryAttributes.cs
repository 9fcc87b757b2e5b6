namespace RingKit.Mmu.Mapping;

/// <summary>Which guest frames are private to the guest. Frames have attributes whether a slot holds them or not; all begin shared.</summary>
/// <remarks>
/// Changed through <see cref="MappingSpace"/>, which keeps the mixed flags of large pages in step.
/// Thread role: one thread at a time (KVM: slots_lock to change; mmu_lock, or an invalidation that is retried, to read).
/// </remarks>
public sealed class MemoryAttributes
{
    /// <summary>Bit 3, <c>KVM_MEMORY_ATTRIBUTE_PRIVATE</c>: the only attribute that there is.</summary>
    public const ulong Private = 1UL << 3;

    private const ulong FrameEnd = 1UL << 52;

    private readonly PageSegments _private = new();

    internal MemoryAttributes()
    {
    }

    /// <summary>Whether a frame is private.</summary>
    /// <param name="gfn">A guest frame number below 2^52.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is none of these.</exception>
    public bool IsPrivate(ulong gfn)
    {
        if (gfn >= FrameEnd)
            throw new ArgumentOutOfRangeException(nameof(gfn), gfn, "A guest frame number is below 2^52.");
        return _private.At(gfn) != 0;
    }

    /// <summary>Whether no frame is private: then no range is mixed.</summary>
    internal bool AreAllShared => _private.IsAllZero;

    internal bool AreUniform(ulong first, ulong end, bool isPrivate) => _private.IsUniform(first, end, isPrivate ? (byte)1 : (byte)0);

    internal void Set(ulong first, ulong end, bool isPrivate) => _private.Set(first, end, isPrivate ? (byte)1 : (byte)0);
}
