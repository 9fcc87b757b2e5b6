namespace RingKit.Mmu.Stage2;

/// <summary>Where a walk stopped.</summary>
/// <param name="Error"><see cref="Errno.Range"/> for an address beyond the IPA size; else none.</param>
/// <param name="Level">The level of the last entry.</param>
/// <param name="Descriptor">The last entry: a leaf, or what is no table.</param>
internal readonly record struct Stage2Walk(Errno Error, int Level, Stage2Descriptor Descriptor)
{
    /// <summary>Whether the address is mapped.</summary>
    public bool IsMapped => Error == Errno.None && Descriptor.IsLeafAt(Level);

    /// <summary>The output address of an address that is mapped.</summary>
    public ulong OutputAddress(ulong ipa) => Descriptor.OutputAddress(Level) | (ipa & (Stage2Geometry.SizeAt(Level) - 1));
}
