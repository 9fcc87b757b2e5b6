using RingKit.Mmu;

namespace RingKit.Kvm;

/// <content>Into another machine of the kernel's.</content>
public sealed unsafe partial class KvmVcpu
{
    // struct kvm_run up to the details of an exit: requests to leave, and CR8, are the user's, and KVM reads them at the next entry.
    private const int HeaderBytes = 32;

    // Taken by whoever is about to enter, so that who holds it keeps all others out.
    private readonly Lock _entrance = new();

    // Why it has left the guest last; at first it has nothing to finish either.
    private KvmExitReason _lastReason = KvmExitReason.Interrupted;

    /// <summary>
    /// Whether the vCPU's registers are all that there is to know: no access to a port, or to what is no memory, waits for its answer and the next run.
    /// </summary>
    internal bool IsBetweenInstructions => _lastReason is KvmExitReason.Interrupted or KvmExitReason.Halted or KvmExitReason.DirtyRingFull;

    /// <summary>Returns when the vCPU is outside the guest. Until <see cref="Release"/>, by the same thread, all others wait that want anything of it.</summary>
    internal void Hold()
    {
        _entrance.Enter();
        KickOut();
        _gate.Enter();
    }

    /// <summary>Ends <see cref="Hold"/>.</summary>
    internal void Release()
    {
        _gate.Exit();
        _entrance.Exit();
    }

    /// <summary>Copies the vCPU's state to one of another machine of the kernel's. Held.</summary>
    /// <returns><see cref="Errno.Busy"/> if there is more to it than its state.</returns>
    internal Errno CopyStateTo(KvmVcpu other, KvmMachine machine) =>
        IsBetweenInstructions ? VcpuState.Copy(_parts.File, other._parts.File, machine) : Errno.Busy;

    /// <summary>Becomes the other, which becomes what this was. Held.</summary>
    internal void Exchange(KvmVcpu other)
    {
        // Invariant: both mappings are alive, and at least a page.
        Buffer.MemoryCopy(_parts.Run.DangerousPointer, other._parts.Run.DangerousPointer, HeaderBytes, HeaderBytes);
        (_parts, other._parts) = (other._parts, _parts);
    }
}
