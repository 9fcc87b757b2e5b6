using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>A log that is initially all set, whose pages are cleared once when it has started: then it is as others are.</summary>
internal sealed class ClearedAtStart : IDirtyLog
{
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;

    public ClearedAtStart(IDirtyLog log, VirtualMachine machine)
    {
        _log = log;
        _machine = machine;
        machine.Detach(log);
        machine.Attach(this);
    }

    public string Name => _log.Name;

    public DirtyLogStatistics Statistics => _log.Statistics;

    public ulong BookkeepingBytes => _log.BookkeepingBytes;

    public void Start()
    {
        _log.Start();
        _log.Clear();
    }

    public void Stop() => _log.Stop();

    public void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink => _log.Harvest(ref sink);

    public void Clear() => _log.Clear();

    public DirtyHarvest Take() => _log.Take();

    public void PutBack(MemorySlot slot, ulong baseOffset, ulong mask) => _log.PutBack(slot, baseOffset, mask);

    public bool CanRecord(Vcpu vcpu) => _log.CanRecord(vcpu);

    public void Record(Vcpu vcpu, MemorySlot slot, ulong offset) => _log.Record(vcpu, slot, offset);

    public bool NeedsHarvest(Vcpu vcpu) => _log.NeedsHarvest(vcpu);

    public void Dispose()
    {
        if (_machine.DirtyLog != this)
            return;
        _machine.Detach(this);
        _machine.Attach(_log);
        _log.Dispose();
    }
}
