using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Machine;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable;

/// <summary>A machine's hashed page table, as KVM's Book3S HV keeps it: the guest's hypercalls, and what the host does to the guest's pages.</summary>
/// <remarks>
/// Thread role: hypercalls by a vCPU's thread, in a step of its program; the rest by any thread, concurrently with them and with harvests. See docs/hash-table.md.
/// </remarks>
public sealed class Book3sHv
{
    private readonly VirtualMachine _machine;
    private readonly Book3sHvCore<HardwareOrdering> _core;

    internal Book3sHv(VirtualMachine machine, Book3sHvCore<HardwareOrdering> core)
    {
        _machine = machine;
        _core = core;
    }

    /// <summary>How the table was made.</summary>
    public HashTableOptions Options => _core.Options;

    /// <summary>How many entries the table has, and how addresses find them.</summary>
    public HptGeometry Geometry => _core.Table.Geometry;

    internal Book3sHvCore<HardwareOrdering> Core => _core;

    /// <summary>An entry as it stands in the table, with the host's real page number. A hint where vCPUs run.</summary>
    /// <param name="index">Below <see cref="HptGeometry.EntryCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such entry.</exception>
    public Hpte this[ulong index]
    {
        get
        {
            if (!_core.Table.IsEntry(index))
                throw new ArgumentOutOfRangeException(nameof(index), index, $"The table has {Geometry.EntryCount} entries.");
            return _core.Table.Load(index);
        }
    }

    /// <summary>Does what a guest asks for. Any arguments get an answer.</summary>
    /// <param name="vcpu">The vCPU, in a step of its program.</param>
    /// <param name="number">r3, one of <see cref="Hypercall"/>.</param>
    /// <param name="registers">r4 to r11; the answer replaces those that it has a value for.</param>
    /// <returns>r3.</returns>
    /// <exception cref="ArgumentException">There are not 8 registers.</exception>
    /// <exception cref="InvalidOperationException">The vCPU is not running on the calling thread.</exception>
    public HypercallStatus Invoke(Vcpu vcpu, ulong number, Span<ulong> registers)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        if (_machine.CurrentVcpu != vcpu)
            throw new InvalidOperationException($"vCPU {vcpu.Id} does not run on this thread: a hypercall is part of a step.");
        var thread = new MachineThread(_machine, vcpu);
        return _core.Invoke(ref thread, number, registers);
    }

    /// <summary>Takes host pages away, as when the host is short of memory: entries that map them become absent, and the guest's next access brings them back.</summary>
    /// <param name="gfn">The first guest frame, in host pages; frames outside the slots are passed over.</param>
    /// <param name="count">How many.</param>
    /// <returns>How many entries were valid and are absent.</returns>
    public ulong PageOut(ulong gfn, ulong count = 1)
    {
        var thread = new MachineThread(_machine, _machine.CurrentVcpu);
        return _core.PageOut(ref thread, gfn, count);
    }
}
