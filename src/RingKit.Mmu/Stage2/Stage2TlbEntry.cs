namespace RingKit.Mmu.Stage2;

/// <summary>A translation that a vCPU remembers.</summary>
/// <param name="Ipa">Its first address.</param>
/// <param name="Level">The level of the leaf, which gives the size.</param>
/// <param name="Descriptor">The leaf, as it was when the vCPU walked.</param>
internal readonly record struct Stage2TlbEntry(ulong Ipa, int Level, Stage2Descriptor Descriptor)
{
    /// <summary>Bytes that it covers.</summary>
    public ulong Size => Stage2Geometry.SizeAt(Level);

    /// <summary>Whether it covers an address.</summary>
    public bool Covers(ulong ipa) => ipa - Ipa < Size;

    /// <summary>Whether it covers any address of a range.</summary>
    public bool Overlaps(ulong ipa, ulong size) => ipa < Ipa + Size && Ipa < ipa + size;
}
