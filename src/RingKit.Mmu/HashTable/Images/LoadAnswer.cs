namespace RingKit.Mmu.HashTable.Images;

/// <summary>What became of a table that was to be loaded.</summary>
/// <param name="Error"><see cref="Errno.None"/>: it is the guest's.</param>
/// <param name="Entries">How many entries it has, valid ones and absent ones.</param>
/// <param name="Refused">The index of the entry that is the reason for a refusal, if one is.</param>
public readonly record struct LoadAnswer(Errno Error, ulong Entries = 0, ulong? Refused = null)
{
    /// <summary>A refusal that no entry is the reason for.</summary>
    public static implicit operator LoadAnswer(Errno error) => new(error);
}
