namespace RingKit.Kvm.Native;

/// <summary>Keeps all signals from the calling thread for its scope: a call that gives up when one is pending then does not.</summary>
internal readonly unsafe ref struct BlockedSignals : IDisposable
{
    private readonly SignalSet _before;

    public BlockedSignals()
    {
        SignalSet all = SignalSet.All, before;
        Libc.SetSignalMask(Libc.SignalBlock, &all, &before);
        _before = before;
    }

    public void Dispose()
    {
        SignalSet before = _before;
        Libc.SetSignalMask(Libc.SignalSetMask, &before, null);
    }
}
