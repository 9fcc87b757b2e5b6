using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Images;
using RingKit.Mmu.HashTable.Machine;
using RingKit.Mmu.HashTable.Resizing;
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

    /// <summary>Starts, stops and harvests of a log one after the other, and no replacement of the table in between: KVM's slots_lock.</summary>
    internal Lock SlotsLock => _machine.SlotsLock;

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
        MachineThread thread = Here();
        return _core.PageOut(ref thread, gfn, count);
    }

    /// <summary>Gives host pages back before the guest asks for them.</summary>
    /// <inheritdoc cref="PageOut"/>
    public void PageIn(ulong gfn, ulong count = 1)
    {
        MachineThread thread = Here();
        _core.PageIn(ref thread, gfn, count);
    }

    /// <summary>Lets the host share pages with others (KSM): nobody writes them until a store faults and gets pages of its own.</summary>
    /// <inheritdoc cref="PageOut"/>
    public ulong Share(ulong gfn, ulong count = 1)
    {
        MachineThread thread = Here();
        return _core.Share(ref thread, gfn, count);
    }

    /// <summary>Whether the guest has accessed any of these pages since the last time, as a host that looks for pages to take away asks.</summary>
    /// <param name="gfn">The first guest frame, in host pages; frames outside the slots are passed over.</param>
    /// <param name="count">How many.</param>
    public bool Age(ulong gfn, ulong count = 1)
    {
        MachineThread thread = Here();
        return _core.Age(ref thread, gfn, count);
    }

    /// <summary>
    /// KVM_SET_USER_MEMORY_REGION: takes a slot away, or gives it back. While it is away accesses to its addresses leave the guest with
    /// <see cref="VcpuExit.NoMemory"/>, as a device's do; its bytes stay. What its dirty log has not handed over yet is forgotten.
    /// </summary>
    /// <param name="slotId">One of the machine's slots.</param>
    /// <param name="isSet">Whether it is the guest's memory.</param>
    /// <returns><see cref="Errno.Invalid"/>: there is no such slot, one that is to be taken away is gone already, or one that is to come back was taken by <see cref="VirtualMachine.RemoveSlot(MemorySlot)"/>.</returns>
    public Errno SetSlot(uint slotId, bool isSet)
    {
        using var scope = new VcpuSafeScope(SlotsLock, _machine);
        if (isSet && _machine.Memory.FindById(slotId) is { IsRemoved: true })
            return Errno.Invalid;
        MachineThread thread = Here();
        return _core.SetSlot(ref thread, slotId, isSet);
    }

    /// <summary>KVM_PPC_RESIZE_HPT_PREPARE: has a table of another order made while the guest runs, or asks how far that is.</summary>
    /// <param name="order">From <see cref="HptGeometry.MinimumOrder"/> to <see cref="HptGeometry.MaximumOrder"/>, or 0 to give up what was prepared.</param>
    /// <returns>
    /// An estimate while the table is being made, none when it is there. <see cref="Errno.Invalid"/>: an order out of range;
    /// <see cref="Errno.NoMemory"/>: there is none for the table, and the preparation is over.
    /// </returns>
    public ResizeAnswer PrepareResize(uint order) => _core.PrepareResize(flags: 0, order);

    /// <summary>
    /// KVM_PPC_RESIZE_HPT_COMMIT: moves to the table that was prepared, with the bolted entries alone. vCPUs that want to enter the guest wait meanwhile.
    /// </summary>
    /// <param name="order">The order that was prepared.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> and <see cref="Errno.NoMemory"/> as before; <see cref="Errno.NoDevice"/>: nothing of this order was prepared;
    /// <see cref="Errno.Busy"/>: it is still being made, or a vCPU is in the guest; <see cref="Errno.NoSpace"/>: two bolted entries would have the same place in
    /// a smaller table. Unless a vCPU is in the guest, the preparation is over.
    /// </returns>
    public Errno CommitResize(uint order)
    {
        using var scope = new VcpuSafeScope(SlotsLock, _machine);
        if (!_machine.TryClose())
            return Errno.Busy;
        try
        {
            MachineThread thread = Here();
            return _core.CommitResize(ref thread, flags: 0, order);
        }
        finally
        {
            _machine.Open();
        }
    }

    /// <summary>
    /// Makes an image the guest's table, as KVM does with what is written to a descriptor of KVM_PPC_GET_HTAB_FD: entries that are there are removed, and the image's
    /// entered by H_ENTER, in the order of their indices. vCPUs that want to enter the guest wait meanwhile.
    /// </summary>
    /// <param name="image">Entries as the guest knows them, from a reader in <c>HashTable.Images</c> or <see cref="SaveTable"/>. Nobody writes it meanwhile.</param>
    /// <param name="keepsChanged">
    /// Whether R and C of the image are in the table afterwards, as if the processors had set them there: the next harvest reports those pages. KVM has them in the guest's
    /// view alone, and the next harvest reports none of them.
    /// </param>
    /// <returns>
    /// <see cref="Errno.Busy"/>: a vCPU is in the guest; <see cref="Errno.Invalid"/>: the image is of another order, or an entry of no page size;
    /// <see cref="Errno.InputOutput"/>: an entry that H_ENTER refuses, as the slot or the host has no page of its size. Nothing is changed then.
    /// </returns>
    /// <exception cref="ArgumentNullException">There is no image.</exception>
    /// <exception cref="ObjectDisposedException">The image is disposed.</exception>
    public LoadAnswer LoadTable(HashedPageTable image, bool keepsChanged = false)
    {
        ArgumentNullException.ThrowIfNull(image);
        _ = image.View;
        using var scope = new VcpuSafeScope(SlotsLock, _machine);
        if (!_machine.TryClose())
            return Errno.Busy;
        try
        {
            MachineThread thread = Here();
            return _core.LoadTable(ref thread, image, keepsChanged, vcpusRun: false);
        }
        finally
        {
            _machine.Open();
        }
    }

    /// <summary>
    /// The table as the guest knows it, as a descriptor of KVM_PPC_GET_HTAB_FD gives it: R is the guest's own word, absent entries are valid ones. C stays in the table
    /// for the dirty log. While vCPUs run each entry is of another moment.
    /// </summary>
    /// <returns>A copy, for <see cref="Images.HtabStreamWriter"/> for example; the caller disposes it.</returns>
    /// <exception cref="OutOfMemoryException">There is no memory for the copy.</exception>
    public HashedPageTable SaveTable()
    {
        using var scope = new VcpuSafeScope(SlotsLock, _machine);
        MachineThread thread = Here();
        return _core.SaveTable(ref thread);
    }

    private MachineThread Here() => new(_machine, _machine.CurrentVcpu);
}
