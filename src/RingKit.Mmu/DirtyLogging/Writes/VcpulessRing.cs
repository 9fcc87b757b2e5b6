using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Mmu.DirtyLogging.Sinks;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Writes;

/// <summary>A machine's own ring, for pages that are written while no vCPU runs.</summary>
/// <remarks>Thread role: <see cref="Push"/> by any thread, one after the other; <see cref="Collect"/> by one at a time.</remarks>
internal sealed class VcpulessRing(VirtualMachine machine, int entries, int reservedEntries) : IDisposable
{
    private readonly Lock _producers = new();
    private readonly DirtyRing _ring = new(entries, reservedEntries);
    private ulong _kicks;

    /// <summary>How often vCPU 0 was asked to leave the guest.</summary>
    public ulong Kicks
    {
        get
        {
            lock (_producers)
                return _kicks;
        }
    }

    /// <summary>Records a page, and kicks vCPU 0 if the ring is soft full.</summary>
    /// <returns><see cref="Errno.Busy"/> if the ring is full: the caller still owns the page.</returns>
    public Errno Push(MemorySlot slot, ulong offset)
    {
        lock (_producers)
        {
            PushResult result = _ring.Producer.TryPush(slot.Id, offset);
            if (result == PushResult.Pushed)
                return Errno.None;
            _kicks++;
            machine.Vcpus[0].RequestHarvest();
            return result == PushResult.Full ? Errno.Busy : Errno.None;
        }
    }

    /// <summary>Whether a vCPU should leave the guest on the ring's behalf.</summary>
    public bool NeedsHarvest(Vcpu vcpu) => vcpu.Id == 0 && _ring.Used >= _ring.SoftLimit;

    /// <summary>Harvests and resets.</summary>
    public ResetResult Collect<TTarget>(ref TTarget target)
        where TTarget : struct, IResetTarget, allows ref struct
    {
        // Nothing is copied out: the reset reads the entries once more, checks them, and hands on what is left.
        var released = default(ReleasingSink);
        _ring.Harvester.Harvest(ref released);
        return _ring.Resetter.Reset(ref target);
    }

    public void Dispose() => _ring.Dispose();
}
