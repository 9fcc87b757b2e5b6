using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Pacing;
using RingKit.Mmu.Migration.Running;

namespace RingKit.Mmu.Migration.Checkpoints;

/// <summary>
/// Says when an epoch ends: after its time, or when a vCPU's ring is full. The pages of a full ring wait for the epoch's harvest, and so does the vCPU.
/// </summary>
internal sealed class EpochTimer(IDirtyLog log, IMigrationClock clock, TimeSpan length) : IFullRingServer, IDisposable
{
    private readonly Lock _lock = new();
    private CancellationTokenSource? _wake;
    private bool _isDue;

    /// <inheritdoc/>
    public void ServeFullRing(Vcpu vcpu)
    {
        if (!log.NeedsHarvest(vcpu))
            return;
        lock (_lock)
        {
            _isDue = true;
            _wake?.Cancel();
        }
    }

    /// <summary>Waits for the epoch's end.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Whether it ends with a full ring.</returns>
    public bool Await(CancellationToken cancellation)
    {
        CancellationToken wake;
        lock (_lock)
        {
            _wake?.Dispose();
            _wake = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (_isDue)
                _wake.Cancel();
            wake = _wake.Token;
        }

        if (length > TimeSpan.Zero && !wake.IsCancellationRequested)
            clock.Wait(length, wake);
        lock (_lock)
            return _isDue;
    }

    /// <summary>The rings are empty: the next epoch begins.</summary>
    public void BeginNext()
    {
        lock (_lock)
            _isDue = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _wake?.Dispose();
            _wake = null;
        }
    }
}
