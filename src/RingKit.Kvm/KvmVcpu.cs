using RingKit.DirtyRings;
using RingKit.Kvm.Native;
using RingKit.Memory;
using RingKit.Mmu;

namespace RingKit.Kvm;

/// <summary>A vCPU of the kernel's: what KVM_CREATE_VCPU makes, with the page that it shares with its user, and its dirty ring.</summary>
/// <remarks>
/// Thread role: <see cref="Run"/> by one thread at a time, best always the same one; registers by that thread, or while the vCPU is not in the guest;
/// <see cref="Harvester"/> by one thread at a time, while the vCPU runs; <see cref="RequestExit"/>, <see cref="KickOut"/> and <see cref="Dispose"/> by any.
/// Its machine disposes it.
/// </remarks>
public sealed unsafe partial class KvmVcpu : IDisposable
{
    // KVM_DIRTY_LOG_PAGE_OFFSET of x86, in bytes.
    private const long RingOffset = 64 * 4096;

    private readonly FileDescriptor _file;
    private readonly MemoryMapping _runMapping;
    private readonly NativeView<byte> _run;
    private readonly MemoryMapping? _ringMapping;
    private readonly DirtyRing? _ring;

    private KvmVcpu(uint id, FileDescriptor file, MemoryMapping run, MemoryMapping? ring)
    {
        Id = id;
        _file = file;
        _runMapping = run;
        _run = run.View<byte>();
        _ringMapping = ring;
        _ring = ring is null ? null : DirtyRing.AttachToProducer(ring.View<DirtyGfn>());
    }

    /// <summary>The vCPU's number.</summary>
    public uint Id { get; }

    /// <summary>Whether the vCPU has a dirty ring.</summary>
    public bool HasRing => _ring is not null;

    /// <summary>Entries of the vCPU's ring, or 0.</summary>
    public int RingEntries => _ring?.Capacity ?? 0;

    /// <summary>
    /// The harvesting end of the vCPU's ring, over the kernel's own memory. What it takes goes back by <see cref="KvmMachine.ResetDirtyRings(ulong, out int)"/>:
    /// before that the pages must not be read, and after it they may.
    /// </summary>
    /// <exception cref="InvalidOperationException">The vCPU has no ring.</exception>
    public DirtyRingHarvester Harvester => (_ring ?? throw new InvalidOperationException("The vCPU has no dirty ring: the machine enabled none.")).Harvester;

    /// <summary>The ring's entries, where they lie. Whoever writes them answers for what the kernel does then.</summary>
    /// <exception cref="InvalidOperationException">The vCPU has no ring.</exception>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public NativeView<DirtyGfn> DangerousRing =>
        (_ringMapping ?? throw new InvalidOperationException("The vCPU has no dirty ring: the machine enabled none.")).View<DirtyGfn>();

    /// <summary>Makes a vCPU, or nothing at all.</summary>
    /// <param name="machine">The machine's file.</param>
    /// <param name="id">The vCPU's number.</param>
    /// <param name="mappingBytes">Bytes of the page that it shares, and more.</param>
    /// <param name="ringBytes">Bytes of its ring, or 0.</param>
    /// <param name="vcpu">The vCPU, if there is no error.</param>
    internal static Errno Create(FileDescriptor machine, uint id, nuint mappingBytes, nuint ringBytes, out KvmVcpu? vcpu)
    {
        vcpu = null;
        int created = Libc.Ioctl(machine, KvmRequest.CreateVcpu, id);
        if (created < 0)
            return Libc.LastError;

        var file = new FileDescriptor(created);
        MemoryMapping? ring = null;
        Errno error = MemoryMapping.Create(file, 0, mappingBytes, out MemoryMapping? run);
        if (error == Errno.None && ringBytes != 0)
            error = MemoryMapping.Create(file, RingOffset, ringBytes, out ring);
        if (error == Errno.None)
            error = LetKicksIn(file);
        if (error == Errno.None)
        {
            vcpu = new KvmVcpu(id, file, run!, ring);
            return Errno.None;
        }

        ring?.Dispose();
        run?.Dispose();
        file.Dispose();
        return error;
    }

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
        _ring?.Dispose();
        _ringMapping?.Dispose();
        _runMapping.Dispose();
        _file.Dispose();
    }
}
