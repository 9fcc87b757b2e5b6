using System.Runtime.CompilerServices;

namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>Masks that an <see cref="AdaptiveTarget{TSink}"/> keeps back: as many as a core has misses under way at once. What is in them at first is not read.</summary>
[InlineArray(Count)]
internal struct KeptMasks
{
    /// <summary>How many.</summary>
    public const int Count = 16;

    private (ulong FirstPage, ulong Mask) _first;
}
