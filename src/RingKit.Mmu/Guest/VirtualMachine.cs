using System.Collections.Immutable;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Writes;
using RingKit.Mmu.Guest.Translation;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Machine;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Stage2.Machine;
using RingKit.Mmu.Tdp;
using RingKit.Mmu.Tdp.Hypervisor;
using RingKit.Mmu.Tdp.Machine;
using RingKit.Ordering;

namespace RingKit.Mmu.Guest;

/// <summary>Guest memory, the vCPUs that write it, the page table between them, and the dirty log that watches.</summary>
/// <remarks>
/// Thread role: vCPUs run on threads of their own; the log's harvests, <see cref="IDirtyLog.Start"/> and <see cref="IDirtyLog.Stop"/> come from any thread.
/// <see cref="Dispose"/> when all vCPUs have left the guest.
/// </remarks>
public sealed partial class VirtualMachine : IDisposable
{
    /// <summary>The most vCPUs.</summary>
    public const int MaximumVcpus = 1024;

    private uint _closed;
    private uint _faultTiming;

    /// <summary>Makes a machine whose vCPUs are outside the guest.</summary>
    /// <param name="memory">Its slots, fixed from now on. The machine keeps it: disposed earlier, it goes when the machine does.</param>
    /// <param name="vcpus">How many, from 1 to <see cref="MaximumVcpus"/>.</param>
    /// <exception cref="ArgumentNullException">There is no memory.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of vCPUs is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The memory is disposed.</exception>
    public VirtualMachine(GuestMemory memory, int vcpus = 1)
        : this(memory, vcpus, machine => new FlatMmu(machine))
    {
    }

    /// <summary>Makes a machine with a hashed page table, whose guest maps effective addresses to the guest-physical ones of the same number as it touches them.</summary>
    /// <param name="memory">Its slots, fixed from now on. Each begins and ends at a host page of the options' size.</param>
    /// <param name="vcpus">How many, from 1 to <see cref="MaximumVcpus"/>.</param>
    /// <param name="hashTable">How the table is made.</param>
    /// <exception cref="ArgumentNullException">There is no memory, or there are no options.</exception>
    /// <exception cref="ArgumentException">A slot does not begin or end at a host page.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of vCPUs or an option is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The memory is disposed.</exception>
    public VirtualMachine(GuestMemory memory, int vcpus, HashTableOptions hashTable)
        : this(memory, vcpus, machine => new HashMmu(machine, new Book3sHvCore<HardwareOrdering>(memory, hashTable))) =>
        HashTable = new Book3sHv(this, ((HashMmu)Mmu).Hypervisor);

    /// <summary>Makes a machine whose hypervisor maps the guest's pages in a table of its own, as Book3S PR does. The guest maps addresses to those of the same number.</summary>
    /// <param name="memory">Its slots, fixed from now on.</param>
    /// <param name="vcpus">How many, from 1 to <see cref="MaximumVcpus"/>.</param>
    /// <param name="shadow">How pages are mapped.</param>
    /// <exception cref="ArgumentNullException">There is no memory, or there are no options.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of vCPUs is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The memory is disposed.</exception>
    public VirtualMachine(GuestMemory memory, int vcpus, Book3sPrOptions shadow)
        : this(memory, vcpus, machine => new ShadowMmu(machine, shadow)) =>
        Shadow = new Book3sPr(this, (ShadowMmu)Mmu);

    /// <summary>Makes a machine whose memory KVM maps as on x86, by its TDP MMU.</summary>
    /// <param name="memory">Its slots, fixed from now on.</param>
    /// <param name="vcpus">How many, from 1 to <see cref="MaximumVcpus"/>.</param>
    /// <param name="tdp">How memory is mapped and logged.</param>
    /// <exception cref="ArgumentNullException">There is no memory, or there are no options.</exception>
    /// <exception cref="ArgumentException">A slot is too high, or KVM would refuse what is to be behind it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of vCPUs or an option is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The memory is disposed.</exception>
    public VirtualMachine(GuestMemory memory, int vcpus, TdpOptions tdp)
        : this(memory, vcpus, machine => new TdpMmu(machine, new TdpHvCore<HardwareOrdering>(memory, tdp))) =>
        Tdp = new TwoDimensionalPaging(this, (TdpMmu)Mmu);

    /// <summary>Makes a machine with a stage-2 page table, as KVM on arm64 has it, over a host process that has all slots in anonymous memory.</summary>
    /// <param name="memory">Its slots, fixed from now on, below the options' IPA size.</param>
    /// <param name="vcpus">How many, from 1 to <see cref="MaximumVcpus"/>.</param>
    /// <param name="stage2">How the table is made, and who looks after it.</param>
    /// <exception cref="ArgumentNullException">There is no memory, or there are no options.</exception>
    /// <exception cref="ArgumentException">A slot ends beyond the IPA size.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of vCPUs or an option is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The memory is disposed.</exception>
    public VirtualMachine(GuestMemory memory, int vcpus, Stage2Options stage2)
        : this(memory, vcpus, machine => Stage2Mmu.Over(machine, stage2)) =>
        Stage2 = new Stage2Hv((Stage2Mmu)Mmu);

    /// <summary>The same, over any hypervisor for the memory's slots, in their order. The machine disposes it.</summary>
    internal VirtualMachine(GuestMemory memory, int vcpus, Stage2HvCore<HardwareOrdering> stage2)
        : this(memory, vcpus, machine => new Stage2Mmu(machine, stage2)) =>
        Stage2 = new Stage2Hv((Stage2Mmu)Mmu);

    private VirtualMachine(GuestMemory memory, int vcpus, Func<VirtualMachine, IMmu> makeMmu)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (vcpus is < 1 or > MaximumVcpus)
            throw new ArgumentOutOfRangeException(nameof(vcpus), vcpus, $"A machine has from 1 to {MaximumVcpus} vCPUs.");

        memory.Take();
        try
        {
            Memory = memory;
            VcpuCount = vcpus;
            DeviceWrites = new WritesWithoutVcpu(memory);
            HostWrites = new WritesWithoutVcpu(memory);
            Shootdown = new TlbShootdown(this);
            Mmu = makeMmu(this);
        }
        catch
        {
            memory.Release();
            throw;
        }

        Vcpus = [.. Enumerable.Range(0, vcpus).Select(id => new Vcpu(this, id))];
    }

    /// <summary>The guest's memory.</summary>
    public GuestMemory Memory { get; }

    /// <summary>The vCPUs, by their number.</summary>
    public ImmutableArray<Vcpu> Vcpus { get; } = [];

    /// <summary>The hashed page table and its hypercalls, or null in a machine without one.</summary>
    public Book3sHv? HashTable { get; }

    /// <summary>The shadow mappings of a machine that has them, or null.</summary>
    public Book3sPr? Shadow { get; }

    /// <summary>The second level of a machine that has x86's, or null.</summary>
    public TwoDimensionalPaging? Tdp { get; }

    /// <summary>The stage-2 page table, or null in a machine without one.</summary>
    public Stage2Hv? Stage2 { get; }

    /// <summary>The dirty log that was made for this machine, or null.</summary>
    public IDirtyLog? DirtyLog { get; private set; }

    /// <summary>How the vCPUs measure the time of faults, for <see cref="Stalls"/>; <see cref="FaultTiming.Sampled"/> unless told otherwise. Any thread.</summary>
    /// <remarks>A vCPU notices a change within 127 TLB misses.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">There is no such way.</exception>
    public FaultTiming FaultTiming
    {
        get => (FaultTiming)HardwareOrdering.LoadRelaxed(ref _faultTiming);
        set
        {
            if (!Enum.IsDefined(value))
                throw new ArgumentOutOfRangeException(nameof(value), value, $"The ways are {string.Join(", ", Enum.GetNames<FaultTiming>())}.");
            HardwareOrdering.StoreRelaxed(ref _faultTiming, (uint)value);
        }
    }

    /// <summary>What all vCPUs together have lost. Any thread.</summary>
    public VcpuStalls Stalls
    {
        get
        {
            var sum = default(VcpuStalls);
            foreach (Vcpu vcpu in Vcpus)
                sum += vcpu.Stalls;
            return sum;
        }
    }

    /// <summary>
    /// Whether vCPUs can have a <see cref="Vcpu.DirtyQuota"/>: not over a hashed table, nor over shadow mappings. There C bits, or the hypervisor's mappings, tell of writes, and no vCPU
    /// leaves the guest for one.
    /// </summary>
    public bool HasDirtyQuota => HashTable is null && Shadow is null;

    internal IMmu Mmu { get; }

    internal TlbShootdown Shootdown { get; }

    internal int VcpuCount { get; }

    /// <summary>The vCPU that the calling thread runs, or null.</summary>
    internal Vcpu? CurrentVcpu
    {
        get
        {
            foreach (Vcpu vcpu in Vcpus)
            {
                if (vcpu.IsRunningHere)
                    return vcpu;
            }

            return null;
        }
    }

    /// <summary>Whether a vCPU is in the guest.</summary>
    internal bool RunsVcpus
    {
        get
        {
            foreach (Vcpu vcpu in Vcpus)
            {
                if (vcpu.IsInGuest)
                    return true;
            }

            return false;
        }
    }

    internal bool IsDisposed { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (IsDisposed)
            return;

        IsDisposed = true;
        foreach (IDisposable vcpu in Vcpus)
            vcpu.Dispose();
        Mmu.Dispose();
        DeviceWrites.Dispose();
        HostWrites.Dispose();
        Memory.Release();
    }

    /// <summary>Whether vCPUs that want to enter the guest have to wait.</summary>
    internal bool IsClosed => HardwareOrdering.LoadAcquire(ref _closed) != 0;

    /// <summary>Keeps vCPUs out of the guest until <see cref="Open"/>, if none is in it. One thread at a time.</summary>
    internal bool TryClose()
    {
        HardwareOrdering.StoreRelease(ref _closed, 1);
        HardwareOrdering.FullFence();                                                 // E62: closed, then look who is inside
        if (!RunsVcpus)
            return true;
        Open();
        return false;
    }

    /// <summary>Lets vCPUs in again.</summary>
    internal void Open() => HardwareOrdering.StoreRelease(ref _closed, 0);           // E62: publishes what was done meanwhile

    /// <summary>Drops every vCPU's translations and returns when none can be used any more.</summary>
    /// <returns>How many TLBs were flushed.</returns>
    internal int InvalidateTlbs()
    {
        int asked = Shootdown.All();
        Mmu.TlbsFlushed();
        return asked;
    }

    internal void Attach(IDirtyLog log)
    {
        if (DirtyLog is not null)
            throw new InvalidOperationException("The machine has a dirty log already; dispose that one first.");
        DirtyLog = log;
    }

    internal void Detach(IDirtyLog log)
    {
        if (DirtyLog == log)
            DirtyLog = null;
    }
}
