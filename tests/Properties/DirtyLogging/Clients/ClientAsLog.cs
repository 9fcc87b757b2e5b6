using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Clients;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.Clients;

/// <summary>A machine's log that is read through one of two clients, both of them on. The other one never harvests.</summary>
internal sealed class ClientAsLog : IDirtyLog
{
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;
    private readonly DirtyLogClients _clients;
    private readonly DirtyLogClient _client;
    private readonly DirtyLogClient _other;

    public ClientAsLog(IDirtyLog log, VirtualMachine machine)
    {
        _log = log;
        _machine = machine;
        _clients = new DirtyLogClients(machine);
        _other = _clients.Join("other");
        _client = _clients.Join("client");
        machine.Detach(log);
        machine.Attach(this);
    }

    public string Name => _client.Name;

    public DirtyLogStatistics Statistics => _client.Statistics;

    public ulong BookkeepingBytes => _client.BookkeepingBytes;

    public void Start()
    {
        _other.Start();
        _client.Start();
    }

    public void Stop()
    {
        _client.Stop();
        _other.Stop();
    }

    public void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink => _client.Harvest(ref sink);

    public DirtyHarvest Take() => _client.Take();

    public void PutBack(MemorySlot slot, ulong baseOffset, ulong mask) => _client.PutBack(slot, baseOffset, mask);

    public void Clear() => _client.Clear();

    public bool CanRecord(Vcpu vcpu) => _client.CanRecord(vcpu);

    public void Record(Vcpu vcpu, MemorySlot slot, ulong offset) => _client.Record(vcpu, slot, offset);

    public bool NeedsHarvest(Vcpu vcpu) => _client.NeedsHarvest(vcpu);

    public void Dispose()
    {
        if (_machine.DirtyLog != this)
            return;
        _clients.Dispose();
        _machine.Detach(this);
        _machine.Attach(_log);
        _log.Dispose();
    }
}
