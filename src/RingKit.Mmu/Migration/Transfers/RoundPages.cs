using RingKit.Mmu.DirtyLogging.Phases;

namespace RingKit.Mmu.Migration.Transfers;

/// <summary>The pages of a round: given out, confirmed when they have arrived, and otherwise given out again.</summary>
internal abstract class RoundPages : IDisposable
{
    /// <summary>How many are not given out yet.</summary>
    public long Left { get; private protected set; }

    /// <summary>Gives out the next ones.</summary>
    /// <returns>False if there are none.</returns>
    public abstract bool TryNext(out DirtyPages pages);

    /// <summary>All that were given out have arrived.</summary>
    public abstract void Confirm();

    /// <summary>What was given out and not confirmed has not arrived: begins again, with that and the rest.</summary>
    public abstract void Retake();

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}
