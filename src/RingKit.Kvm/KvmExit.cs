using RingKit.Mmu;

namespace RingKit.Kvm;

/// <summary>How a vCPU has left the guest.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Error">What KVM_RUN answered: <see cref="Errno.Interrupted"/> with <see cref="KvmExitReason.Interrupted"/>, and none otherwise but where it fails.</param>
public readonly record struct KvmExit(KvmExitReason Reason, Errno Error)
{
    /// <summary>The guest-physical address, of <see cref="KvmExitReason.Mmio"/> and <see cref="KvmExitReason.MemoryFault"/>; the port, of <see cref="KvmExitReason.Io"/>.</summary>
    public ulong Address { get; init; }

    /// <summary>Bytes of one access: 1, 2, 4 or 8. Of a memory fault, bytes of the range.</summary>
    public ulong Size { get; init; }

    /// <summary>How many accesses there are: more than one for a string instruction on a port.</summary>
    public uint Count { get; init; }

    /// <summary>Whether the guest writes.</summary>
    public bool IsWrite { get; init; }

    /// <summary>What the guest writes, of one access: the first.</summary>
    public ulong Value { get; init; }

    /// <summary>The hardware's reason of a refused entry, the suberror of an internal error, the type of a system event; otherwise 0.</summary>
    public ulong Detail { get; init; }

    /// <summary>The exit in one line.</summary>
    public override string ToString() => (Reason, Error) switch
    {
        (KvmExitReason.Io, _) => IsWrite ? $"out of 0x{Value:x} to port 0x{Address:x}" : $"in of {Size} bytes from port 0x{Address:x}",
        (KvmExitReason.Mmio, _) => IsWrite ? $"a store of 0x{Value:x} to 0x{Address:x}, which is no memory" : $"a load from 0x{Address:x}, which is no memory",
        (KvmExitReason.MemoryFault, _) => $"a memory fault at 0x{Address:x}, {Size} bytes",
        (KvmExitReason.FailedEntry or KvmExitReason.InternalError or KvmExitReason.SystemEvent, _) => $"{Reason} 0x{Detail:x}",
        (_, Errno.None or Errno.Interrupted) => Reason.ToString(),
        _ => $"KVM_RUN failed: {Error}",
    };
}
