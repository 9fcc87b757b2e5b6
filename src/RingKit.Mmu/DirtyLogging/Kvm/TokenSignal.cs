namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>A cancellation for a signal.</summary>
internal readonly struct TokenSignal(CancellationToken token) : IPendingSignal
{
    public bool IsPending() => token.IsCancellationRequested;
}
