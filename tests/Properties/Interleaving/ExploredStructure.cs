using FsCheck;
using RingKit.Interleaving;

namespace RingKit.Properties.Interleaving;

/// <summary>What a structure brings to the proofs on the model of memory: the one adapter between it and the explorer's tests.</summary>
internal abstract class ExploredStructure
{
    /// <summary>What reports call it.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Programs that are explored, whole or up to a bound, as they are and with each order weakened. Together they meet every ordered
    /// access of the structure.
    /// </summary>
    public abstract IReadOnlyList<ModelProgram> MutantPrograms { get; }

    /// <summary>Small programs by chance; each checks the structure's contract itself.</summary>
    public abstract Gen<ModelProgram> Programs { get; }

    public override string ToString() => Name;
}
