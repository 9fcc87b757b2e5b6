namespace RingKit.Bitmaps;

/// <summary>Takes dirty pages as 64-bit masks: the form in which a bitmap holds them, and the cheapest.</summary>
public interface IDirtyMaskSink
{
    /// <summary>Takes the dirty pages of one word. If it throws, they are dirty again.</summary>
    /// <param name="firstPage">The page of bit 0, a multiple of 64.</param>
    /// <param name="mask">Bit i stands for page <paramref name="firstPage"/> + i; never 0.</param>
    void Accept(ulong firstPage, ulong mask);
}
