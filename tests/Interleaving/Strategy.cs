namespace RingKit.Interleaving;

/// <summary>Decides what a model leaves open: which thread takes the next step, and which store it reads or follows.</summary>
internal abstract class Strategy
{
    /// <summary>The thread may only read stores made at this step or later; -1 for all. Set by <see cref="NextThread"/>.</summary>
    public int ReadsOnlyFrom { get; protected set; } = -1;

    /// <summary>
    /// Whether an execution ends where a thread waited without progress. A strategy that is fair by chance lets it go on.
    /// </summary>
    public virtual bool CutsOffIdleRounds => false;

    /// <summary>The thread that takes the next step, or -1 if nothing new can come of the execution.</summary>
    /// <param name="execution">So far.</param>
    /// <param name="enabled">The threads that can take a step, as bits.</param>
    /// <param name="previous">The thread that took the last step.</param>
    public abstract int NextThread(Execution execution, uint enabled, int previous);

    /// <summary>One of the choices, each a distance from the end of the modification order; there is at least one.</summary>
    public abstract int Choose(Execution execution, ReadOnlySpan<int> distances);

    /// <summary>The step was taken.</summary>
    public virtual void Stepped(Execution execution, int step)
    {
    }
}
