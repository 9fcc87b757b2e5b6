using RingKit.DirtyRings;
using RingKit.Kvm.Native;
using RingKit.Memory;
using RingKit.Mmu;

namespace RingKit.Kvm;

/// <summary>What the kernel has made for a vCPU: its file, the page that it shares with its user, and its ring.</summary>
internal sealed unsafe class VcpuParts : IDisposable
{
    // KVM_DIRTY_LOG_PAGE_OFFSET of x86, in bytes.
    private const long RingOffset = 64 * 4096;

    private readonly MemoryMapping _runMapping;

    private VcpuParts(FileDescriptor file, MemoryMapping run, MemoryMapping? ring)
    {
        File = file;
        _runMapping = run;
        Run = run.View<byte>();
        RingMapping = ring;
        Ring = ring is null ? null : DirtyRing.AttachToProducer(ring.View<DirtyGfn>());
    }

    public FileDescriptor File { get; }

    /// <summary>The page that the vCPU shares, and more: <c>struct kvm_run</c>.</summary>
    public NativeView<byte> Run { get; }

    public MemoryMapping? RingMapping { get; }

    public DirtyRing? Ring { get; }

    /// <summary>Makes a vCPU, or nothing at all.</summary>
    /// <param name="machine">The machine's file.</param>
    /// <param name="id">The vCPU's number.</param>
    /// <param name="mappingBytes">Bytes of the page that it shares, and more.</param>
    /// <param name="ringBytes">Bytes of its ring, or 0.</param>
    /// <param name="parts">Its parts, if there is no error.</param>
    public static Errno Create(FileDescriptor machine, uint id, nuint mappingBytes, nuint ringBytes, out VcpuParts? parts)
    {
        parts = null;
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
            parts = new VcpuParts(file, run!, ring);
            return Errno.None;
        }

        ring?.Dispose();
        run?.Dispose();
        file.Dispose();
        return error;
    }

    public void Dispose()
    {
        Ring?.Dispose();
        RingMapping?.Dispose();
        _runMapping.Dispose();
        File.Dispose();
    }

    // KVM_RUN's own mask, as the kernel has it: all signals but one are blocked in there.
    private static Errno LetKicksIn(FileDescriptor vcpu)
    {
        uint* mask = stackalloc uint[3];
        ulong blocked = ~SignalSet.MaskOf(KvmVcpu.KickSignal);
        (mask[0], mask[1], mask[2]) = (sizeof(ulong), (uint)blocked, (uint)(blocked >> 32));
        return Libc.Ioctl(vcpu, KvmRequest.SetSignalMask, mask) < 0 ? Libc.LastError : Errno.None;
    }
}
