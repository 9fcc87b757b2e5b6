namespace RingKit.DirtyRings.CopyAfterReset;

/// <summary>Takes the contents of pages that were dirty and are protected again.</summary>
public interface ICleanPageSink
{
    /// <summary>Takes one page.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="offset">Page index inside the slot, in pages.</param>
    /// <param name="contents">
    /// The page where it lies. A vCPU may store into it meanwhile: such a store is reported by the next harvest.
    /// </param>
    void Accept(uint slot, ulong offset, ReadOnlySpan<byte> contents);
}
