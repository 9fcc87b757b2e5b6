namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>Says whether a signal is pending for the thread that resets rings; asked before each entry.</summary>
internal interface IPendingSignal
{
    /// <summary>Whether one is.</summary>
    bool IsPending();
}
