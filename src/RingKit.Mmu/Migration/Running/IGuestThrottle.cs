namespace RingKit.Mmu.Migration.Running;

/// <summary>Holds the guest back, so that it dirties pages more slowly than they are sent.</summary>
/// <remarks>Thread role: the migration's thread; the vCPUs run meanwhile.</remarks>
public interface IGuestThrottle
{
    /// <summary>How much it takes of the vCPUs' time or of their pages, in percent, from 0 to 99.</summary>
    int Level { get; }

    /// <summary>Takes more than before, if there is more to take.</summary>
    /// <param name="round">The round that shows the need.</param>
    void Raise(in MigrationRound round);

    /// <summary>Takes nothing any more.</summary>
    void Release();
}
