using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.Stage2.Machine;

/// <summary>A machine, and a flat model beside it: what is in each page, and which were written since the last report.</summary>
internal sealed class MachineModel : IDisposable
{
    public const int Vcpus = 2;

    // The end of a block, two blocks, and the beginning of one.
    private const ulong BaseGfn = 0x40000 - 100, Base = BaseGfn << GuestPage.Shift, Pages = 100 + 1024 + 60;

    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly BitmapDirtyLog _log;
    private readonly Stage2Checker _checker = new();
    private readonly Dictionary<ulong, ulong> _contents = [];
    private readonly SortedSet<(uint Slot, ulong Offset)> _written = [];
    private ulong _value;
    private bool _logs;

    public MachineModel(Stage2Options options)
    {
        _memory.AddSlot(0, BaseGfn, Pages);
        _machine = new VirtualMachine(_memory, Vcpus, options with { Checker = _checker });
        _log = new BitmapDirtyLog(_machine);
    }

    private Stage2Hv Stage2 => _machine.Stage2!;

    /// <summary>Does one step, in both, and compares.</summary>
    public void Do(MachineStep step)
    {
        ulong page = (ulong)step.Page, gfn = BaseGfn + page, count = (ulong)step.Count;
        Vcpu vcpu = _machine.Vcpus[step.Vcpu];
        switch (step.Deed)
        {
            case MachineDeed.Load:
                Load(vcpu, page);
                break;
            case MachineDeed.Store:
                Store(vcpu, page);
                break;
            case MachineDeed.StoreAgain:
                Store(vcpu, page);
                Store(vcpu, page);
                break;
            case MachineDeed.StoreAcross:
                StoreAcross(vcpu, page);
                break;
            case MachineDeed.Harvest:
                Assert.Equal(_written, DirtySet.Harvest(_log));
                _written.Clear();
                break;
            case MachineDeed.Start:
                _log.Start();
                _logs = true;
                break;
            case MachineDeed.Stop:
                _log.Stop();
                _logs = false;
                _written.Clear();
                break;
            default:
                DoAsHost(step.Deed, gfn, count);
                break;
        }

        _checker.Delivered();
        Assert.Empty(_checker.Violations);
    }

    /// <summary>Compares what is left: all contents, the last report, references, tables.</summary>
    public void Check()
    {
        foreach (ulong page in _contents.Keys)
            Load(_machine.Vcpus[0], page);
        Assert.Equal(_written, DirtySet.Harvest(_log));
        Stage2HvCore<HardwareOrdering> core = Stage2.Core;
        ReferenceCounts.Check(core.Table);
        _checker.CheckTables(core.Table);
        Assert.Empty(_checker.Violations);
        Stage2Statistics statistics = Stage2.Statistics;
        Assert.Equal((ulong)core.Table.Pool.CountInUse(), statistics.TablesTaken - statistics.TablesFreed);
        Assert.Equal(0ul, statistics.Refused);
        Assert.Equal(0ul, core.Host.Invalidations.InProgress);
    }

    public void Dispose()
    {
        _log.Dispose();
        Stage2HvCore<HardwareOrdering> core = Stage2.Core;
        _machine.Dispose();
        Assert.Equal(0, core.Table.LeakedTables);
        _memory.Dispose();
    }

    private void DoAsHost(MachineDeed deed, ulong gfn, ulong count)
    {
        switch (deed)
        {
            case MachineDeed.Invalidate:
                Stage2.Invalidate(gfn, count);
                break;
            case MachineDeed.Age:
                Stage2.Age(gfn, count);
                break;
            case MachineDeed.Split:
                Stage2.SplitHugePages(gfn, count);
                break;
            case MachineDeed.Collapse:
                Stage2.CollapseHugePages(gfn, count);
                break;
            case MachineDeed.Migrate:
                Stage2.Migrate(gfn, count);
                break;
            case MachineDeed.Reclaim:
                Stage2.Reclaim(gfn, count);
                break;
            default:
                Stage2.Share(gfn, count);
                break;
        }
    }

    private void Load(Vcpu vcpu, ulong page)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        Assert.Equal(VcpuExit.None, GuestAction.Run(vcpu, inside => inside.Load(AddressOf(page), bytes)));
        Assert.Equal(_contents.GetValueOrDefault(page), BitConverter.ToUInt64(bytes));
    }

    private void Store(Vcpu vcpu, ulong page)
    {
        ulong value = ++_value;
        Assert.Equal(VcpuExit.None, GuestAction.Run(vcpu, inside => inside.Store(AddressOf(page), value)));
        _contents[page] = value;
        Note(page);
    }

    // Over the end of one page, which the loads do not look at, into the word of the next.
    private void StoreAcross(Vcpu vcpu, ulong page)
    {
        ulong value = ++_value;
        byte[] bytes = [1, 2, 3, 4, .. BitConverter.GetBytes(value)];
        Assert.Equal(VcpuExit.None, GuestAction.Run(vcpu, inside => inside.Store(AddressOf(page + 1) - 4, bytes)));
        _contents[page + 1] = value;
        Note(page);
        Note(page + 1);
    }

    private void Note(ulong page)
    {
        if (_logs)
            _written.Add((0, page));
    }

    private static ulong AddressOf(ulong page) => Base + (page << GuestPage.Shift);
}
