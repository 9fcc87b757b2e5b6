using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Mmu.DirtyLogging.Sinks;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <content>Rings: mapped, and reset by KVM_RESET_DIRTY_RINGS.</content>
public sealed partial class KvmDirtyLog
{
    /// <summary>The most entries that a reset gives back: INT_MAX in KVM.</summary>
    internal int ResetLimit { get; set; } = int.MaxValue;

    /// <summary>Maps a vCPU's ring, as mmap of its file at <see cref="KvmProfile.RingPageOffset"/>.</summary>
    /// <param name="vcpu">The vCPU's number.</param>
    /// <param name="mapping">The ring's one mapping: a user who maps twice has the same again.</param>
    /// <param name="isShared">Whether what either side writes is to be seen by the other.</param>
    /// <param name="isExecutable">Whether the user wants to run it.</param>
    /// <returns>
    /// <see cref="Errno.NotPermitted"/> for a mapping that is executable: files without names are none to run, which Linux looks at before it asks KVM. Else
    /// <see cref="Errno.Invalid"/> for one that is private, and where there are no rings (KVM's mapping would trap at its first use).
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such vCPU.</exception>
    public Errno MapRing(int vcpu, out KvmRingMapping? mapping, bool isShared = true, bool isExecutable = false)
    {
        if (vcpu < 0 || vcpu >= Machine.Vcpus.Length)
            throw new ArgumentOutOfRangeException(nameof(vcpu), vcpu, $"The machine has {Machine.Vcpus.Length} vCPUs.");
        mapping = _rings.Length != 0 && isShared && !isExecutable ? _mappings[vcpu] : null;
        return mapping is not null ? Errno.None : isExecutable ? Errno.NotPermitted : Errno.Invalid;
    }

    /// <summary>
    /// Gives harvested entries of all rings back and protects their pages: KVM_RESET_DIRTY_RINGS. When it returns, the pages of the entries that it counts
    /// may be read.
    /// </summary>
    /// <param name="signal">A signal for the calling thread, which ends the call early. What a KVM user blocks before he calls.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> without rings; else how many entries, which may be fewer than were harvested, and 0 with more to come, after a signal:
    /// call it again until the sum is right.
    /// </returns>
    public KvmReset ResetDirtyRings(CancellationToken signal = default)
    {
        var token = new TokenSignal(signal);
        return ResetDirtyRings(ref token);
    }

    /// <summary>The same for one vCPU's ring; KVM has no such call.</summary>
    /// <param name="vcpu">The vCPU's number.</param>
    /// <param name="signal">As above.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such vCPU.</exception>
    public KvmReset ResetDirtyRing(int vcpu, CancellationToken signal = default)
    {
        if (vcpu < 0 || vcpu >= Machine.Vcpus.Length)
            throw new ArgumentOutOfRangeException(nameof(vcpu), vcpu, $"The machine has {Machine.Vcpus.Length} vCPUs.");
        var token = new TokenSignal(signal);
        return _rings.Length == 0 ? Reset([], ref token) : Reset(_rings.AsSpan(vcpu, 1), ref token);
    }

    /// <summary>
    /// Hands over what is in the machine's own ring: writes without a vCPU, and those of KVM itself for a vCPU whose ring is full, where the log does not
    /// lose them. They are protected again, and may be
    /// read when it returns. KVM has neither the ring nor the call; the ring was proposed in 2019, with vCPU 0 to leave the guest when it is full.
    /// </summary>
    /// <param name="sink">Takes the pages. If it throws, those that it did not take stay.</param>
    /// <returns>How many entries; 0 too where there is no such ring.</returns>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    public int HarvestVmRing<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        using VcpuSafeScope scope = EnterSlots();
        ObjectDisposedException.ThrowIf(Machine.DirtyLog != this, this);
        try
        {
            return CollectVmRing(ref sink);
        }
        finally
        {
            EndHarvest();
        }
    }

    /// <summary>The reset of all rings, by any kind of signal.</summary>
    internal KvmReset ResetDirtyRings<TSignal>(ref TSignal signal)
        where TSignal : struct, IPendingSignal => Reset(_rings, ref signal);

    private KvmReset Reset<TSignal>(ReadOnlySpan<KvmRing> rings, ref TSignal signal)
        where TSignal : struct, IPendingSignal
    {
        if (_rings.Length == 0)
            return new KvmReset(Errno.Invalid, 0);
        using VcpuSafeScope scope = EnterSlots();
        ObjectDisposedException.ThrowIf(Machine.DirtyLog != this, this);
        var counts = new KvmReset(Errno.None, 0);
        var target = new ResetCallTarget(this, Machine.Memory);

        // One counter for all, so that its bound holds for the call.
        foreach (KvmRing ring in rings)
        {
            ring.Reset(ref target, ref signal, ref counts, ResetLimit, Capabilities.Fidelity);
            if (counts.IsInterrupted)
                break;
        }

        if (counts.Entries != 0)
            Invalidate();
        _unprotectedPages += (uint)counts.UnprotectedPages;
        Book((uint)counts.Entries, (ulong)counts.Entries * DirtyGfn.SizeInBytes, (uint)counts.RefusedPages);
        return counts;
    }

    // What the log's own harvest does with one ring. It takes all that the vCPU had pushed before, though the user may have cleared its flags: neither he nor KVM could
    // tell then that it was pushed, and the vCPU would stand still at a full ring for ever.
    private void Collect<TSink>(int vcpu, ref ProtectingTarget<TSink> target)
        where TSink : struct, IDirtyPageSink
    {
        KvmRing ring = _rings[vcpu];
        uint pushed = ring.Pushed;
        CollectPublished(vcpu, ref target);
        uint left = pushed - ring.Consumed;
        if (left == 0 || left > ring.Capacity)
            return;

        // The vCPU may be about to publish the last one.
        Machine.Shootdown.Nothing();
        ring.Republish(pushed);
        CollectPublished(vcpu, ref target);
    }

    // It gives an entry back when the sink has its page, and no signal ends it.
    private void CollectPublished<TSink>(int vcpu, ref ProtectingTarget<TSink> target)
        where TSink : struct, IDirtyPageSink
    {
        var released = default(ReleasingSink);
        int harvested = _mappings[vcpu].HarvestPushed(ref released);
        var never = default(TokenSignal);
        var counts = new KvmReset(Errno.None, 0);
        _rings[vcpu].Reset(ref target, ref never, ref counts, int.MaxValue, KvmFidelity.Safe);
        Book((uint)counts.Entries, ((ulong)harvested + (ulong)counts.Entries) * DirtyGfn.SizeInBytes, (uint)counts.RefusedPages);
    }

    private int CollectVmRing<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        if (_vcpulessRing is null)
            return 0;
        var target = new ProtectingTarget<TSink>(this, Machine.Memory, ref sink);
        ResetResult reset = _vcpulessRing.Collect(ref target);
        Book((uint)reset.Entries, 2 * (ulong)reset.Entries * DirtyGfn.SizeInBytes, (uint)reset.RefusedPages);
        return reset.Entries;
    }
}
