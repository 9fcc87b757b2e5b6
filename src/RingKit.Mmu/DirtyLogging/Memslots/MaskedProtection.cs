namespace RingKit.Mmu.DirtyLogging.Memslots;

/// <summary>What is protected for a word of a dirty bitmap.</summary>
public enum MaskedProtection
{
    /// <summary>The pages of set bits, as on x86.</summary>
    Exact,

    /// <summary>All from the first set bit to the last, as on arm64: one stretch, and needless faults on the pages between.</summary>
    Span,
}
