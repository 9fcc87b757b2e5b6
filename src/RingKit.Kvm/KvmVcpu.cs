using RingKit.DirtyRings;
using RingKit.Memory;

namespace RingKit.Kvm;

/// <summary>A vCPU of the kernel's: what KVM_CREATE_VCPU makes, with the page that it shares with its user, and its dirty ring.</summary>
/// <remarks>
/// Thread role: <see cref="Run"/> by one thread at a time, best always the same one; registers by that thread, or while the vCPU is not in the guest;
/// <see cref="Harvester"/> by one thread at a time, while the vCPU runs; <see cref="RequestExit"/>, <see cref="KickOut"/> and <see cref="Dispose"/> by any.
/// Its machine disposes it.
/// </remarks>
public sealed unsafe partial class KvmVcpu : IDisposable
{
    // Changes while the vCPU is held alone: see Hold.
    private VcpuParts _parts;

    internal KvmVcpu(uint id, VcpuParts parts) => (Id, _parts) = (id, parts);

    /// <summary>The vCPU's number.</summary>
    public uint Id { get; }

    /// <summary>Whether the vCPU has a dirty ring.</summary>
    public bool HasRing => _parts.Ring is not null;

    /// <summary>Entries of the vCPU's ring, or 0.</summary>
    public int RingEntries => _parts.Ring?.Capacity ?? 0;

    /// <summary>
    /// The harvesting end of the vCPU's ring, over the kernel's own memory. What it takes goes back by <see cref="KvmMachine.ResetDirtyRings(ulong, out int)"/>:
    /// before that the pages must not be read, and after it they may.
    /// </summary>
    /// <exception cref="InvalidOperationException">The vCPU has no ring.</exception>
    public DirtyRingHarvester Harvester => (_parts.Ring ?? throw new InvalidOperationException("The vCPU has no dirty ring: the machine enabled none.")).Harvester;

    /// <summary>The ring's entries, where they lie. Whoever writes them answers for what the kernel does then.</summary>
    /// <exception cref="InvalidOperationException">The vCPU has no ring.</exception>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public NativeView<DirtyGfn> DangerousRing =>
        (_parts.RingMapping ?? throw new InvalidOperationException("The vCPU has no dirty ring: the machine enabled none.")).View<DirtyGfn>();

    /// <summary>Has the vCPU leave the guest, and releases what it has. A harvester of its ring that somebody keeps finds it disposed.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        RequestExit();
        AwaitOut();
        _parts.Dispose();
    }
}
