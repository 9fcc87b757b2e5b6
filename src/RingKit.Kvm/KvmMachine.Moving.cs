using System.Collections.Immutable;
using System.Diagnostics;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;

namespace RingKit.Kvm;

/// <content>Into another machine of the kernel's.</content>
public sealed unsafe partial class KvmMachine
{
    // Rings or bitmaps: the kernel fixes that when a machine gets its first vCPU. So who wants the other has the kernel make another machine, and moves all
    // there: the same memory, under new slots; the state of the vCPUs, which are outside meanwhile; and what the user has enabled. What has an identity is
    // not the kernel's machine, but this object and its vCPUs: they exchange what they own with those of a second object, which is disposed with it.

    /// <summary>Moves the guest into a new machine of the kernel's. If it cannot be moved, nothing has changed.</summary>
    /// <param name="next">
    /// The new machine, with the capabilities of its log alone, and nobody else's. Afterwards it owns what this machine owned, and the caller disposes it.
    /// </param>
    /// <param name="lastHarvest">
    /// Takes what is in the log, while no vCPU is in the guest and all is ready: the guest's next store goes into the new log. If it throws, nothing is moved.
    /// </param>
    /// <param name="standstill">How long the vCPUs were held, if it is moved.</param>
    /// <returns>
    /// What the kernel refuses; <see cref="Errno.NotSupported"/> for slots of guest_memfd, whose memory belongs to one machine; <see cref="Errno.Busy"/> if a
    /// vCPU's last exit waits for the next run to be finished: an access to a port, or to what is no memory.
    /// </returns>
    internal Errno MoveInto(KvmMachine next, Action lastHarvest, out TimeSpan standstill)
    {
        standstill = default;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_vcpus.Any(vcpu => !vcpu.IsBetweenInstructions && !vcpu.IsRunning))
                return Errno.Busy;
            Errno error = Equip(next);
            if (error != Errno.None)
                return error;

            long start = Stopwatch.GetTimestamp();
            using var held = new HeldVcpus(_vcpus);
            foreach ((KvmVcpu vcpu, KvmVcpu nextVcpu) in _vcpus.Zip(next._vcpus))
            {
                error = vcpu.CopyStateTo(nextVcpu, next);
                if (error != Errno.None)
                    return error;
            }

            lock (_resets)
            {
                lastHarvest();
                Exchange(next);
            }

            standstill = Stopwatch.GetElapsedTime(start);
            return Errno.None;
        }
    }

    private Errno Equip(KvmMachine next)
    {
        foreach (EnableCapRequest request in _enabled)
        {
            if (IsOfDirtyLog((KvmCapability)request.Capability))
                continue;
            Errno error = next.EnableCap((KvmCapability)request.Capability, request.Argument, request.Flags);
            if (error != Errno.None)
                return error;
        }

        foreach (Slot slot in _slots.Values)
        {
            Region region = slot.Region;
            Errno error = (region.Flags & GuestMemfdFlag) != 0
                ? Errno.NotSupported
                : next.SetMemoryRegion(region.Slot, (KvmSlotTraits)region.Flags, region.GuestAddress, slot.Memory);
            if (error != Errno.None)
                return error;
        }

        foreach (KvmVcpu vcpu in _vcpus)
        {
            Errno error = next.CreateVcpu(vcpu.Id, out _);
            if (error != Errno.None)
                return error;
        }

        return Errno.None;
    }

    private void Exchange(KvmMachine next)
    {
        (_file, next._file) = (next._file, _file);
        (_slots, next._slots) = (next._slots, _slots);
        (_enabled, next._enabled) = (next._enabled, _enabled);
        (RingEntries, next.RingEntries) = (next.RingEntries, RingEntries);
        foreach ((KvmVcpu vcpu, KvmVcpu nextVcpu) in _vcpus.Zip(next._vcpus))
            vcpu.Exchange(nextVcpu);
    }

    private static bool IsOfDirtyLog(KvmCapability capability) => capability is
        KvmCapability.DirtyLogRing or KvmCapability.DirtyLogRingAcqRel or KvmCapability.DirtyLogRingWithBitmap or KvmCapability.ManualDirtyLogProtect2;

    /// <summary>Keeps vCPUs outside the guest for its scope.</summary>
    private readonly ref struct HeldVcpus : IDisposable
    {
        private readonly ImmutableArray<KvmVcpu> _vcpus;

        public HeldVcpus(ImmutableArray<KvmVcpu> vcpus)
        {
            _vcpus = vcpus;
            foreach (KvmVcpu vcpu in vcpus)
                vcpu.Hold();
        }

        public void Dispose()
        {
            foreach (KvmVcpu vcpu in _vcpus)
                vcpu.Release();
        }
    }
}
