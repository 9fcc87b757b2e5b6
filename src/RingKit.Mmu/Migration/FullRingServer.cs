using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;

namespace RingKit.Mmu.Migration;

/// <summary>Empties full rings between two rounds: into the log itself, whose next harvest has the pages.</summary>
internal sealed class FullRingServer(IDirtyLog log) : IFullRingServer
{
    private readonly Lock _lock = new();
    private long _served;

    /// <summary>How many were emptied.</summary>
    public long Served
    {
        get
        {
            lock (_lock)
                return _served;
        }
    }

    /// <inheritdoc/>
    public void ServeFullRing(Vcpu vcpu)
    {
        // Another vCPU's may have been the harvest that made room.
        if (!log.NeedsHarvest(vcpu))
            return;
        log.Take().Dispose();
        lock (_lock)
            _served++;
    }
}
