namespace RingKit.Mmu.Tdp;

/// <summary>Takes what comes out of a modification log.</summary>
internal interface IModificationSink
{
    /// <summary>A guest frame that was stored to.</summary>
    void Accept(ulong gfn);
}
