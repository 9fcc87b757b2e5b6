using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>Puts a harvest, or the start of logging, in the middle of a write fault: the orders on which docs/machine.md relies.</summary>
public abstract class FaultAgainstHarvest : IDisposable
{
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly BitmapDirtyLog _log;

    /// <param name="machine">Makes a machine of two vCPUs.</param>
    protected FaultAgainstHarvest(Func<GuestMemory, VirtualMachine> machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        _memory.AddSlot(0, 0, 600);
        _machine = machine(_memory);
        _log = new BitmapDirtyLog(_machine);
    }

    public void Dispose()
    {
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_harvest_between_the_record_and_the_store_leaves_no_page_writable_and_unrecorded()
    {
        _log.Start();
        SortedSet<(uint Slot, ulong Offset)>? harvested = null;
        Interpose(new Interloper(_log) { AfterRecord = () => harvested ??= DirtySet.Harvest(_log) });
        Store(4);
        Assert.Equal([(0u, 4ul)], harvested!);

        // The harvest would have returned only now, when the vCPU, its store done, has flushed.
        _machine.InvalidateTlbs();
        Store(4);
        Assert.Equal([(0u, 4ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void Logging_that_starts_in_the_middle_of_a_fault_records_the_page_or_protects_it()
    {
        _machine.Stage2?.Invalidate(4);
        Interpose(new Interloper(_log) { BeforeRoom = _log.Start });
        Store(4);
        _machine.InvalidateTlbs();
        Store(4);
        Assert.Equal([(0u, 4ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void A_page_for_which_there_is_no_room_does_not_become_writable()
    {
        _log.Start();
        bool room = false;
        Interpose(new Interloper(_log) { HasRoom = () => room });
        Assert.Equal(VcpuExit.DirtyRingFull, GuestAction.Run(_machine.Vcpus[0], vcpu => vcpu.Store(4 << 12, 1ul)));
        Assert.Equal(VcpuExit.DirtyRingFull, GuestAction.Run(_machine.Vcpus[1], vcpu => vcpu.Store(4 << 12, 1ul)));
        room = true;
        Store(4);
        Assert.Equal([(0u, 4ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void A_harvest_returns_only_when_every_vcpu_has_ended_its_step()
    {
        _log.Start();
        using var inStep = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var guest = new Thread(() => GuestAction.Run(_machine.Vcpus[1], vcpu =>
        {
            vcpu.Store(4 << 12, 1ul);
            inStep.Set();
            goOn.Wait(TimeSpan.FromSeconds(20));
            return vcpu.Store((4 << 12) + 8, 2ul);
        }));
        guest.Start();
        Assert.True(inStep.Wait(TimeSpan.FromSeconds(20)));

        var harvester = new Thread(() => DirtySet.Harvest(_log));
        harvester.Start();
        Assert.False(harvester.Join(TimeSpan.FromMilliseconds(200)), "The harvest did not wait for the vCPU.");
        goOn.Set();
        Assert.True(harvester.Join(TimeSpan.FromSeconds(20)), "The harvest did not end.");
        Assert.True(guest.Join(TimeSpan.FromSeconds(20)));
        Assert.Empty(DirtySet.Harvest(_log));
        Store(4);
        Assert.Equal([(0u, 4ul)], DirtySet.Harvest(_log));
    }

    private void Interpose(IDirtyLog log)
    {
        _machine.Detach(_log);
        _machine.Attach(log);
    }

    private void Store(ulong gfn) =>
        Assert.Equal(VcpuExit.None, GuestAction.Run(_machine.Vcpus[0], vcpu => vcpu.Store(gfn << 12, 1ul)));

    /// <summary>A log in whose calls something else happens.</summary>
    internal sealed class Interloper(IDirtyLog log) : IDirtyLog
    {
        public Action? BeforeRoom { get; init; }

        public Action? AfterRecord { get; init; }

        public Func<bool>? HasRoom { get; init; }

        public string Name => log.Name;

        public DirtyLogStatistics Statistics => log.Statistics;

        public void Start() => log.Start();

        public void Stop() => log.Stop();

        public void Harvest<TSink>(ref TSink sink)
            where TSink : struct, IDirtyPageSink => log.Harvest(ref sink);

        public void Clear() => log.Clear();

        public DirtyHarvest Take() => log.Take();

        public void PutBack(MemorySlot slot, ulong baseOffset, ulong mask) => log.PutBack(slot, baseOffset, mask);

        public bool CanRecord(Vcpu vcpu)
        {
            BeforeRoom?.Invoke();
            return HasRoom?.Invoke() ?? log.CanRecord(vcpu);
        }

        public void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
        {
            log.Record(vcpu, slot, offset);
            AfterRecord?.Invoke();
        }

        public bool NeedsHarvest(Vcpu vcpu) => log.NeedsHarvest(vcpu);

        public void Dispose() => log.Dispose();
    }
}
