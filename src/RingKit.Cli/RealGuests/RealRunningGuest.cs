using RingKit.Cli.Migrate.Running;
using RingKit.Mmu.Migration.Running;

namespace RingKit.Cli.RealGuests;

/// <summary>A real guest whose vCPUs store, until it is disposed.</summary>
/// <remarks>Thread role: one thread at a time, the vCPUs' own excepted, which ask for <see cref="FullRings"/>.</remarks>
internal sealed class RealRunningGuest : IRunningGuest
{
    private readonly StoringGuest _guest;
    private bool _isPaused;

    /// <summary>Starts the vCPUs.</summary>
    /// <param name="guest">The guest; its owner disposes it later.</param>
    /// <param name="isIdle">Whether it stores nothing: then the vCPUs stay outside.</param>
    public RealRunningGuest(StoringGuest guest, bool isIdle)
    {
        _guest = guest;
        if (!isIdle)
            guest.Threads.Start();
    }

    public IFullRingServer? FullRings
    {
        get => _guest.Threads.FullRings;
        set => _guest.Threads.FullRings = value;
    }

    public Exception? Failure { get; private set; }

    public TimeSpan StallTime => _guest.Threads.StallTime;

    /// <summary>Stores so far. The count is in the vCPUs' registers, which can be read outside the guest alone: so vCPUs that run are fetched out for a moment.</summary>
    public ulong Stores
    {
        get
        {
            bool wasPaused = _isPaused;
            if (!wasPaused)
                Pause();
            ulong stores = _guest.Stores;
            if (!wasPaused)
                Resume();
            return stores;
        }
    }

    public void Pause()
    {
        _isPaused = true;
        try
        {
            _guest.Threads.Pause();
        }
        catch (InvalidOperationException e)
        {
            Failure ??= e;
            throw;
        }
    }

    public void Resume()
    {
        _guest.Threads.Resume();
        _isPaused = false;
    }

    public void Dispose() => _guest.Threads.Dispose();
}
