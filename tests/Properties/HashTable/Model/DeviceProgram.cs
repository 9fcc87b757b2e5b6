using RingKit.Interleaving;
using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Slots;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.HashTable.Model;

/// <summary>
/// vCPUs that access one page, whose slot goes and comes, on the model of memory. Whatever they did: where there is memory at the end no vCPU takes it for a device's,
/// and where there is none no entry maps it.
/// </summary>
internal sealed class DeviceProgram : IDisposable
{
    private const ulong ReadWrite = 2;

    private static readonly GuestMemory Memory = MakeMemory();
    private static readonly VirtualAddress Address = new(0, 0, 12, IsOneTebibyteSegment: false);

    private readonly bool _isSet;
    private readonly MmioCache[] _caches;
    private Book3sHvCore<O> _core = null!;

    private DeviceProgram(bool isSet, int threads)
    {
        _isSet = isSet;
        _caches = new MmioCache[threads];
    }

    private HashSlot<O> Slot => _core.Slots[0];

    /// <summary>A program of threads that each do these things.</summary>
    /// <param name="isSet">Whether there is memory at the beginning, before the entry is entered.</param>
    /// <param name="threads">What they do; one of them changes the slot.</param>
    public static ModelProgram<DeviceProgram> Of(bool isSet, params DeviceAction[][] threads)
    {
        var program = new DeviceProgram(isSet, threads.Length);
        return new ModelProgram<DeviceProgram>(
            (isSet ? "memory: " : "device: ") + string.Join(" | ", threads.Select(thread => string.Join(", ", thread))),
            program.Begin,
            [.. Enumerable.Range(0, threads.Length).Select(t => (Action<DeviceProgram>)(p => p.Run(t, threads[t])))])
        { Finally = p => p.Check() };
    }

    public void Dispose() => _core.Dispose();

    private static GuestMemory MakeMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1);
        return memory;
    }

    private DeviceProgram Begin()
    {
        _core = new Book3sHvCore<O>(Memory, new HashTableOptions { BackingShift = 12 }, HptGeometry.TwoGroups);
        Slot.IsSet = _isSet;
        for (int i = 0; i < _caches.Length; i++)
            _caches[i] = new MmioCache();
        Enter();
        return this;
    }

    private void Run(int self, DeviceAction[] actions)
    {
        var thread = default(Thread);
        foreach (DeviceAction action in actions)
        {
            switch (action)
            {
                case DeviceAction.Access:
                    Access(self);
                    break;
                case DeviceAction.Remove:
                    _core.Remove(ref thread, flags: 0, index: 0, avpn: 0);
                    break;
                case DeviceAction.Enter:
                    Enter();
                    break;
                default:
                    Assert.Equal(Errno.None, _core.SetSlot(ref thread, slotId: 0, isSet: action == DeviceAction.Set));
                    break;
            }
        }
    }

    private void Enter()
    {
        var thread = default(Thread);
        ulong v = HptGeometry.FirstWord(Address.Vsid, Address.Address, Address.BaseShift, Address.IsOneTebibyteSegment);
        _core.Enter(ref thread, HypercallFlags.Exact, 0, v, HpteR.ReferencedChanged | HpteR.Coherent | ReadWrite);
    }

    private PageFaultOutcome? Access(int self)
    {
        var thread = default(Thread);
        var fault = new StorageFault(Address, Dsisr.NoEntry | Dsisr.Store);
        FirstLevelFault judged = _core.JudgeFault(ref thread, fault, _caches[self]);
        return judged.Outcome is FaultOutcome.HostHandler or FaultOutcome.Mmio
            ? _core.HandlePageFault(ref thread, fault, judged.Snapshot, _caches[self])
            : null;
    }

    private void Check()
    {
        ChainInvariant.Check(_core);
        Assert.True(Slot.IsSet || !_core.Table.Load(0).IsValid, "an entry maps a slot that is gone");
        for (int vcpu = 0; vcpu < _caches.Length; vcpu++)
        {
            PageFaultOutcome? outcome = Access(vcpu);
            if (Slot.IsSet)
                Assert.True(outcome != PageFaultOutcome.Mmio, $"vCPU {vcpu} takes memory for a device's");
        }
    }

    private readonly struct Thread : IHostThread
    {
        public void Relax() => O.Pause();

        public void Tlbie(scoped ReadOnlySpan<ulong> indices)
        {
        }
    }
}
