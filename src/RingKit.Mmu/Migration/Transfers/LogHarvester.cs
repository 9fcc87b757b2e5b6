using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;

namespace RingKit.Mmu.Migration.Transfers;

/// <summary>Takes a log's harvests for a migration, and empties full rings between them: into the log itself, whose next harvest has the pages.</summary>
internal sealed class LogHarvester(IDirtyLog log) : IFullRingServer
{
    // The pages of a full ring are in nobody's hands but its vCPU's for a moment; a harvest at that moment would miss them, and it may be the last one.
    private readonly Lock _one = new();
    private long _served;

    /// <summary>How many rings were emptied.</summary>
    public long Served
    {
        get
        {
            lock (_one)
                return _served;
        }
    }

    /// <summary>Takes what the log has recorded.</summary>
    public DirtyHarvest Take()
    {
        lock (_one)
            return log.Take();
    }

    /// <inheritdoc/>
    public void ServeFullRing(Vcpu vcpu)
    {
        lock (_one)
        {
            // Another vCPU's may have been the harvest that made room.
            if (!log.NeedsHarvest(vcpu))
                return;
            log.Take().Dispose();
            _served++;
        }
    }
}
