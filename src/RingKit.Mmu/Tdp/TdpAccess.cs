namespace RingKit.Mmu.Tdp;

/// <summary>A guest's access.</summary>
/// <param name="Gfn">The guest frame.</param>
/// <param name="IsWrite">Whether it stores.</param>
/// <param name="IsExecute">Whether it fetches an instruction.</param>
/// <param name="IsPrivate">Whether it means private memory; null if the machine's accesses do not say, and are of the frame's kind.</param>
/// <param name="IsNested">Whether a nested guest makes it.</param>
internal readonly record struct TdpAccess(ulong Gfn, bool IsWrite, bool IsExecute = false, bool? IsPrivate = null, bool IsNested = false)
{
    /// <summary>The bits of a leaf that grants it.</summary>
    public ulong Needed => Spte.MmuPresentBit | (IsExecute ? Spte.ExecuteBit : Spte.ReadBit) | (IsWrite ? Spte.WriteBit : 0);
}
