using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate.Workloads;

/// <summary>Does the stores of a trace, over and over, each time with other data.</summary>
/// <param name="stores">The stores, at least one.</param>
/// <param name="vcpu">Whose they are: no two vCPUs store the same data.</param>
internal struct TraceStoreSource(TraceStore[] stores, ulong vcpu) : IStoreSource
{
    private readonly ulong[] _scratch = new ulong[GuestPage.Size / sizeof(ulong)];
    private int _next;
    private ulong _number = vcpu << 48;

    /// <summary>A vCPU's part of a trace.</summary>
    public static TraceStoreSource Of(TraceStores trace, int vcpu, int vcpus) => new(trace.PartOf(vcpu, vcpus), (ulong)vcpu);

    public VcpuExit Store(Vcpu vcpu)
    {
        TraceStore store = stores[_next];
        var access = new GuestAccess(store.Gpa, StoreData.Eight(_number + 1), store.Size, TraceAccessKind.Store);
        VcpuExit exit = access.StoreBy(vcpu, _scratch);
        if (exit != VcpuExit.None)
            return exit;

        _number++;
        if (++_next == stores.Length)
            _next = 0;
        return VcpuExit.None;
    }
}
