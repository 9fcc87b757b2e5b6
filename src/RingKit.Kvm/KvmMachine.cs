using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using RingKit.DirtyRings;
using RingKit.Kvm.Native;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;

namespace RingKit.Kvm;

/// <summary>A machine of the kernel's: what KVM_CREATE_VM makes. Its guest runs on the real processor, and the kernel knows what it writes.</summary>
/// <remarks>
/// Any thread; changes of slots and vCPUs, and resets, take turns. What KVM refuses comes as an errno, and then nothing is changed and nothing left open.
/// Source of the behaviour: Linux's Documentation/virt/kvm/api.rst; docs/kvm.md.
/// </remarks>
public sealed unsafe partial class KvmMachine : IDisposable
{
    private readonly int _vcpuMappingBytes;

    // Slots, vCPUs and resets, one after the other.
    private readonly Lock _gate = new();
    private ImmutableArray<KvmVcpu> _vcpus = [];
    private bool _isDisposed;

    // What the guest moves with: see MoveInto. The file changes under both locks, that of the resets too.
    private FileDescriptor _file;
    private List<EnableCapRequest> _enabled = [];

    internal KvmMachine(FileDescriptor file, int vcpuMappingBytes)
    {
        _file = file;
        _vcpuMappingBytes = vcpuMappingBytes;
    }

    /// <summary>The vCPUs, in the order in which they were made.</summary>
    public ImmutableArray<KvmVcpu> Vcpus
    {
        get
        {
            lock (_gate)
                return _vcpus;
        }
    }

    /// <summary>Entries of each vCPU's ring, or 0 without rings.</summary>
    public int RingEntries { get; private set; }

    /// <summary>Whether the machine has ended.</summary>
    public bool IsDisposed
    {
        get
        {
            lock (_gate)
                return _isDisposed;
        }
    }

    /// <summary>What a capability offers to this machine: KVM_CHECK_EXTENSION. 0 if it is not there.</summary>
    /// <param name="capability">Any value.</param>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public int CheckExtension(KvmCapability capability)
    {
        lock (_gate)
            return Math.Max(Libc.Ioctl(_file, KvmRequest.CheckExtension, (nuint)(uint)capability), 0);
    }

    /// <summary>The same.</summary>
    /// <param name="extension">Any value.</param>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public int CheckExtension(KvmExtension extension) => CheckExtension((KvmCapability)extension);

    /// <summary>Enables a capability: KVM_ENABLE_CAP.</summary>
    /// <param name="capability">Any value.</param>
    /// <param name="argument">
    /// Its args[0], any value. Of the rings, the bytes of each: a power of two, at least a page, at most what <see cref="CheckExtension(KvmCapability)"/>
    /// answers. KVM looks at its low 32 bits alone.
    /// </param>
    /// <param name="flags">Any value.</param>
    /// <returns>
    /// For rings: <see cref="Errno.Invalid"/> for a size that is none, <see cref="Errno.TooBig"/> for one above the maximum, <see cref="Errno.Invalid"/> once
    /// there are rings or vCPUs.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno EnableCap(KvmCapability capability, ulong argument = 0, uint flags = 0)
    {
        var request = new EnableCapRequest { Capability = (uint)capability, Flags = flags, Argument = argument };
        lock (_gate)
        {
            if (Libc.Ioctl(_file, KvmRequest.EnableCap, &request) < 0)
                return Libc.LastError;
            _enabled.Add(request);
            if (capability is KvmCapability.DirtyLogRing or KvmCapability.DirtyLogRingAcqRel)
                RingEntries = (int)((uint)argument / DirtyGfn.SizeInBytes);
            return Errno.None;
        }
    }

    /// <summary>Makes a vCPU, with its ring if there are rings: KVM_CREATE_VCPU, and the mappings that it shares with its user.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="vcpu">The vCPU, if there is no error. The machine disposes it.</param>
    /// <returns><see cref="Errno.Exists"/> for a number that is in use, <see cref="Errno.Invalid"/> for one too high.</returns>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno CreateVcpu(uint id, out KvmVcpu? vcpu) =>
        CreateVcpu(id, (nuint)_vcpuMappingBytes, (nuint)RingEntries * DirtyGfn.SizeInBytes, out vcpu);

    /// <summary>The same, with mappings of any length.</summary>
    internal Errno CreateVcpu(uint id, nuint mappingBytes, nuint ringBytes, out KvmVcpu? vcpu)
    {
        lock (_gate)
        {
            Errno error = VcpuParts.Create(_file, id, mappingBytes, ringBytes, out VcpuParts? parts);
            vcpu = parts is null ? null : new KvmVcpu(id, parts);
            if (vcpu is not null)
                _vcpus = _vcpus.Add(vcpu);
            return error;
        }
    }

    /// <summary>
    /// Ends the machine: first its vCPUs, which leave the guest, then the machine itself, and last the memory that its slots have kept.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            foreach (KvmVcpu vcpu in _vcpus)
                vcpu.Dispose();
            _file.Dispose();
            ReleaseSlots();
        }
    }

    // struct kvm_enable_cap.
    private struct EnableCapRequest
    {
        public uint Capability;
        public uint Flags;
        public ulong Argument;
        public Words11 Padding;
    }

    [InlineArray(6)]
    private struct Words6
    {
        private ulong _first;
    }

    [InlineArray(11)]
    private struct Words11
    {
        private ulong _first;
    }

    [InlineArray(14)]
    private struct Words14
    {
        private ulong _first;
    }
}
