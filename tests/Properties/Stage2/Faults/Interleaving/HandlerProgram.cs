using RingKit.Interleaving;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Stage2.Faults.Interleaving;

/// <summary>The whole handler: vCPUs that fault, a host that changes its pages, a log that starts and is harvested.</summary>
internal sealed class HandlerProgram : IDisposable
{
    private const ulong Base = 0;

    private readonly HandlerAction[][] _threads;
    private readonly Stage2Options _options;
    private readonly HashSet<ulong>[] _marked;
    private GuestMemory _memory = null!;
    private HostSpace<O> _host = null!;
    private Stage2HvCore<O> _hypervisor = null!;
    private Stage2VcpuState<O>[] _vcpus = [];

    private HandlerProgram(Stage2Generation generation, Stage2Defects defects, HandlerAction[][] threads)
    {
        _threads = threads;
        _marked = [.. threads.Select(_ => new HashSet<ulong>())];
        _options = new Stage2Options { IpaBits = Stage2Geometry.MinimumIpaBits, Generation = generation, Defects = defects, MaximumTables = 16 };
    }

    /// <summary>A program of threads that each do these things.</summary>
    public static ModelProgram<HandlerProgram> Of(Stage2Generation generation, params HandlerAction[][] threads) =>
        Of(generation, Stage2Defects.None, threads);

    /// <inheritdoc cref="Of(Stage2Generation, HandlerAction[][])"/>
    public static ModelProgram<HandlerProgram> Of(Stage2Generation generation, Stage2Defects defects, params HandlerAction[][] threads)
    {
        var program = new HandlerProgram(generation, defects, threads);
        return new ModelProgram<HandlerProgram>(
            $"{generation}: " + string.Join(" | ", threads.Select(thread => string.Join(", ", thread))),
            program.Begin,
            [.. Enumerable.Range(0, threads.Length).Select(t => (Action<HandlerProgram>)(p => p.Run(t)))])
        { Finally = p => p.Check() };
    }

    public void Mark(int thread, ulong offset) => _marked[thread].Add(offset);

    public void Dispose()
    {
        foreach (Stage2VcpuState<O> vcpu in _vcpus)
            vcpu.Dispose();
        _hypervisor.Dispose();
        _host.Dispose();
        _memory.Dispose();
    }

    private HandlerProgram Begin()
    {
        Array.ForEach(_marked, marked => marked.Clear());
        _memory = new GuestMemory();
        _host = new HostSpace<O>();
        _host.Add(new HostRegionSettings(Userspace, Block));
        _hypervisor = new Stage2HvCore<O>(
            _options, [new Stage2Slot(_memory.AddSlotWithoutBytes(0, Base / Page, Block / Page), Userspace, isReadOnly: false)], _host);
        _vcpus = [.. _threads.Select(_ => _hypervisor.CreateVcpuState())];
        var thread = new HandlerThread(this, 0);
        _host.FaultIn(ref thread, Userspace, isWrite: true);
        return this;
    }

    private void Run(int self)
    {
        var thread = new HandlerThread(this, self);
        foreach (HandlerAction action in _threads[self])
        {
            switch (action)
            {
                case HandlerAction.Store or HandlerAction.Load or HandlerAction.LoadNext:
                    ulong ipa = action == HandlerAction.LoadNext ? Page : 0;
                    Access(ref thread, self, Base + ipa, action == HandlerAction.Store ? Stage2Access.Store : Stage2Access.Load);
                    break;
                case HandlerAction.Migrate:
                    _hypervisor.ChangeHostPage(ref thread, Userspace, HostChange.Migrate);
                    break;
                case HandlerAction.Share:
                    _hypervisor.ChangeHostPage(ref thread, Userspace, HostChange.Share);
                    break;
                default:
                    _hypervisor.Slots[0].Memory.LogsDirtyPages = action == HandlerAction.StartLog;
                    if (action != HandlerAction.StartLog)
                        break;
                    _hypervisor.Lock.Enter(ref thread);
                    _hypervisor.Table.WriteProtect(ref thread, Base, Block, out _);
                    _hypervisor.Lock.Exit();
                    break;
            }
        }
    }

    // One access, by what the table says now; who has to try again leaves it at that. The share of the lock stands for E6: no table is freed under a walk.
    private void Access(ref HandlerThread thread, int self, ulong ipa, Stage2Access kind)
    {
        _hypervisor.Lock.EnterShared(ref thread);
        Stage2Walk walk = _hypervisor.Table.Walk(ipa);
        _hypervisor.Lock.ExitShared();
        if (walk.IsMapped && (walk.Descriptor.IsWritable || kind == Stage2Access.Load))
            return;
        var fault = new Stage2Fault(ipa, walk.IsMapped ? Stage2FaultClass.Permission : Stage2FaultClass.Translation, walk.Level, kind);
        Assert.Equal(Stage2FaultOutcome.Resume, _hypervisor.HandleFault(ref thread, _vcpus[self], in fault));
    }

    private void Check()
    {
        ReferenceCounts.Check(_hypervisor.Table);
        CheckPage(0);
        CheckPage(1);
    }

    private void CheckPage(ulong offset)
    {
        ulong ipa = Base + (offset * Page), address = Userspace + (offset * Page);
        Stage2Walk walk = _hypervisor.Table.Walk(ipa);
        if (!walk.IsMapped)
            return;
        HostPage page = _host.Find(address)!.Look(address, isWrite: false);
        Assert.Equal(page.Address, walk.OutputAddress(ipa));
        Assert.True(page.IsWritable || !walk.Descriptor.IsWritable);
        if (walk.Descriptor.IsWritable && _hypervisor.Slots[0].Memory.LogsDirtyPages)
            Assert.Contains(_marked, marked => marked.Contains(offset));
    }
}
