using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using RingKit.Mmu.Tdp.Hypervisor;
using RingKit.Ordering;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.Tdp.Machine;

/// <summary>A machine beside a flat model of it: what each page has, which kind it is, and what was written since the last harvest.</summary>
/// <remarks>Slot 0 is plain memory with private frames in guest_memfd, and cut on both sides; slot 1 is all guest_memfd.</remarks>
internal sealed class TdpLife : IDisposable
{
    private const int PrivateBit = 40;
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly BitmapDirtyLog _log;
    private readonly Dictionary<(ulong Gfn, bool IsPrivate), ulong> _contents = [];
    private readonly HashSet<ulong> _private = [];
    private readonly HashSet<(uint Slot, ulong Offset)> _written = [];
    private readonly HashSet<(uint Slot, ulong Offset)> _touched = [];
    private readonly List<ulong> _tracked = [];
    private readonly ulong[] _frames;
    private bool _logs;
    private ulong _value;

    public TdpLife(TdpOptions options)
    {
        _memory.AddSlot(4, 0x1f8, 1100);
        _memory.AddSlot(9, 0x1000, 1024);
        _machine = new VirtualMachine(_memory, 2, options with
        {
            PrivateAddressBit = PrivateBit,
            Mapping = new MappingOptions { LogsGuestMemfd = true },
            Slots =
            [
                new TdpSlotOptions { SlotId = 4, Gmem = GuestMemfdTraits.None, GmemFirstPage = 0x1f8, GmemOrder = 9 },
                new TdpSlotOptions { SlotId = 9, Gmem = GuestMemfdTraits.Mmap, GmemOrder = 9, HostLevel = MappingLevel.Size4K },
            ],
        });
        _log = new BitmapDirtyLog(_machine);

        // A few frames in each 2M range, and those at its ends.
        _frames = [0x1f8, 0x1ff, 0x200, 0x201, 0x23f, 0x240, 0x3ff, 0x400, 0x5ff, 0x600, 0x643, 0x1000, 0x1001, 0x11ff, 0x1200, 0x1234, 0x13ff];
    }

    public void Do(TdpStep step)
    {
        ulong gfn = _frames[step.A % _frames.Length];
        TdpSlot<HardwareOrdering> slot = Core.FindSlot(gfn)!;
        ulong length = (ulong)(1 + (step.B % 600)), end = Math.Min(gfn + length, slot.EndGfn);
        switch (step.Kind)
        {
            case TdpStepKind.Store or TdpStepKind.StoreAgain:
                Store(step.B & 1, gfn, (step.B & 2) != 0);
                break;
            case TdpStepKind.Load:
                Load(step.B & 1, gfn);
                break;
            case TdpStepKind.Harvest:
                Harvest();
                break;
            case TdpStepKind.Start:
                // Another start forgets nothing.
                if (!_logs)
                    Forget();
                _log.Start();
                _logs = true;
                break;
            case TdpStepKind.Stop:
                _log.Stop();
                _logs = false;
                Forget();
                break;
            case TdpStepKind.MakePrivate or TdpStepKind.MakeShared:
                SetAttributes(gfn, end, step.Kind == TdpStepKind.MakePrivate);
                break;
            case TdpStepKind.SetHostLevel:
                _machine.Tdp!.SetHostLevel(slot.Memory, gfn - slot.FirstGfn, end - gfn, (MappingLevel)(1 + (step.B % 2)));
                break;
            case TdpStepKind.SetOrder:
                SetOrder(slot, gfn, step.B);
                break;
            default:
                TrackWrites(gfn, step.B);
                break;
        }
    }

    /// <summary>Every mapping leads where it should, and is no larger than each limit allows.</summary>
    public void Check() => Core.Table.Visit((gfn, level, spte) =>
    {
        if (!spte.IsLeafAt(level))
            return;
        TdpSlot<HardwareOrdering> slot = Core.FindSlot(gfn)!;
        ulong pages = TdpGeometry.PagesAt(level);
        Assert.True(slot.Holds(gfn) && slot.Holds(gfn + pages - 1), $"{gfn:x} at level {level} leaves its slot");
        Assert.Equal(spte.Frame, slot.FrameOf(gfn, spte.IsPrivate));
        Assert.Equal(spte.Frame + pages - 1, slot.FrameOf(gfn + pages - 1, spte.IsPrivate));
        for (ulong page = gfn; page < gfn + pages; page++)
            Assert.Equal(_private.Contains(page), spte.IsPrivate);
        Assert.False(_logs && level > 1 && spte.IsWritable, $"{gfn:x} is large and writable under logging");
        if (level == 1)
            return;
        Assert.True(Core.Space.LargePagesAt(gfn).IsAllowed((MappingLevel)level, gfn) || _logs, $"{gfn:x} may not be large");
        ulong filePage = (slot.Region.GmemOffset >> 12) + gfn - slot.FirstGfn;
        MappingLevel source = spte.IsPrivate || slot.Gmem!.AllowsMmap
            ? MappingLevels.OfOrder(slot.Gmem!.OrderAt(filePage))
            : Core.Space.Host.LevelAt(slot.Region.UserspaceAddress + ((gfn - slot.FirstGfn) << 12));
        Assert.True(level <= (int)source, $"{gfn:x} is at level {level}, behind it {source}");
    });

    public void Finish()
    {
        foreach (((ulong gfn, bool isPrivate), ulong value) in _contents)
        {
            SetAttributes(gfn, gfn + 1, isPrivate);
            Assert.Equal(value, ReadWord(0, gfn, isPrivate));
        }
    }

    public void Dispose()
    {
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
        Assert.Equal(0, Core.Table.LeakedTables);
    }

    private TdpHvCore<HardwareOrdering> Core => _machine.Tdp!.Core;

    private static ulong AddressOf(ulong gfn, bool isPrivate) => (gfn << 12) | (isPrivate ? 1ul << PrivateBit : 0);

    // Of what is all guest_memfd both kinds are the same memory.
    private (ulong Gfn, bool IsPrivate) KeyOf(ulong gfn) => (gfn, gfn < 0x1000 && _private.Contains(gfn));

    private void Store(int vcpu, ulong gfn, bool wrongly)
    {
        ulong value = ++_value;
        bool isPrivate = _private.Contains(gfn) != wrongly;
        VcpuExit exit = GuestAction.Run(_machine.Vcpus[vcpu], one => one.Store(AddressOf(gfn, isPrivate), value));
        Assert.Equal(wrongly ? VcpuExit.MemoryFault : VcpuExit.None, exit);
        if (wrongly)
            return;
        _contents[KeyOf(gfn)] = value;
        _written.Add(PageOf(gfn));
        _touched.Add(PageOf(gfn));
    }

    private void Load(int vcpu, ulong gfn)
    {
        Assert.Equal(_contents.GetValueOrDefault(KeyOf(gfn)), ReadWord(vcpu, gfn, _private.Contains(gfn)));
        _touched.Add(PageOf(gfn));
    }

    private ulong ReadWord(int vcpu, ulong gfn, bool isPrivate)
    {
        byte[] bytes = new byte[8];
        Assert.Equal(VcpuExit.None, GuestAction.Run(_machine.Vcpus[vcpu], one => one.Load(AddressOf(gfn, isPrivate), bytes)));
        return BitConverter.ToUInt64(bytes);
    }

    private void Harvest()
    {
        SortedSet<(uint Slot, ulong Offset)> harvested = DirtySet.Harvest(_log);
        if (_logs)
            Assert.Empty(_written.Except(harvested));
        Assert.Empty(harvested.Except(_logs ? _touched : []));
        Forget();
    }

    private void Forget()
    {
        _written.Clear();
        _touched.Clear();
    }

    private void SetAttributes(ulong first, ulong end, bool isPrivate)
    {
        Assert.Equal(Errno.None, _machine.Tdp!.SetMemoryAttributes(first << 12, (end - first) << 12, isPrivate ? MemoryAttributes.Private : 0));
        for (ulong gfn = first; gfn < end; gfn++)
        {
            if (isPrivate)
                _private.Add(gfn);
            else
                _private.Remove(gfn);
        }
    }

    private void SetOrder(TdpSlot<HardwareOrdering> slot, ulong gfn, int choice)
    {
        int order = (choice % 3) switch { 0 => 0, 1 => 4, _ => 9 };
        ulong mask = (1ul << order) - 1, first = (gfn + mask) & ~mask;
        if (first + mask < slot.EndGfn)
            _machine.Tdp!.SetOrder(slot.Memory, first - slot.FirstGfn, mask + 1, order);
    }

    // As for a page table of a guest: large mappings around it go. The count is put up under the lock of who may map.
    private void TrackWrites(ulong gfn, int choice)
    {
        TdpSlot<HardwareOrdering> slot = Core.FindSlot(gfn)!;
        if (choice % 2 == 0 || _tracked.Count == 0)
        {
            _machine.Tdp!.SetHostLevel(slot.Memory, 0, slot.Memory.PageCount, MappingLevel.Size2M);
            Core.Space.LargePagesAt(gfn).AddWriteTracked(gfn);
            _tracked.Add(gfn);
            return;
        }

        Core.Space.LargePagesAt(_tracked[^1]).RemoveWriteTracked(_tracked[^1]);
        _tracked.RemoveAt(_tracked.Count - 1);
    }

    private (uint Slot, ulong Offset) PageOf(ulong gfn) => (Core.FindSlot(gfn)!.Memory.Id, gfn - Core.FindSlot(gfn)!.FirstGfn);
}
