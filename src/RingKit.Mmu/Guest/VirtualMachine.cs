using System.Collections.Immutable;
using RingKit.Mmu.DirtyLogging;

namespace RingKit.Mmu.Guest;

/// <summary>Guest memory, the vCPUs that write it, the page table between them, and the dirty log that watches.</summary>
/// <remarks>
/// Thread role: vCPUs run on threads of their own; the log's harvests, <see cref="IDirtyLog.Start"/> and <see cref="IDirtyLog.Stop"/> come from any thread.
/// <see cref="Dispose"/> when all vCPUs have left the guest.
/// </remarks>
public sealed class VirtualMachine : IDisposable
{
    /// <summary>The most vCPUs.</summary>
    public const int MaximumVcpus = 1024;

    /// <summary>Makes a machine whose vCPUs are outside the guest.</summary>
    /// <param name="memory">Its slots, fixed from now on. The machine keeps it: disposed earlier, it goes when the machine does.</param>
    /// <param name="vcpus">How many, from 1 to <see cref="MaximumVcpus"/>.</param>
    /// <exception cref="ArgumentNullException">There is no memory.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of vCPUs is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The memory is disposed.</exception>
    public VirtualMachine(GuestMemory memory, int vcpus = 1)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (vcpus is < 1 or > MaximumVcpus)
            throw new ArgumentOutOfRangeException(nameof(vcpus), vcpus, $"A machine has from 1 to {MaximumVcpus} vCPUs.");

        memory.Take();
        Memory = memory;
        VcpuCount = vcpus;
        Shootdown = new TlbShootdown(this);
        Mmu = new FlatMmu(this);
        Vcpus = [.. Enumerable.Range(0, vcpus).Select(id => new Vcpu(this, id))];
    }

    /// <summary>The guest's memory.</summary>
    public GuestMemory Memory { get; }

    /// <summary>The vCPUs, by their number.</summary>
    public ImmutableArray<Vcpu> Vcpus { get; }

    /// <summary>The dirty log that was made for this machine, or null.</summary>
    public IDirtyLog? DirtyLog { get; private set; }

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
        Memory.Release();
    }

    /// <summary>Drops every vCPU's translations and returns when none can be used any more.</summary>
    /// <returns>How many TLBs were flushed.</returns>
    internal int InvalidateTlbs() => Shootdown.All();

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
