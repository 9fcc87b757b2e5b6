using RingKit.Mmu.DirtyLogging.Kvm;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>A signal that comes when it was asked for so often.</summary>
internal struct SignalAfter(int questions) : IPendingSignal
{
    private int _left = questions;

    public bool IsPending() => _left-- <= 0;
}
