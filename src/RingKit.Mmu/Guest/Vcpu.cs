using RingKit.Memory;
using RingKit.Mmu.Guest.Translation;
using RingKit.Ordering;

namespace RingKit.Mmu.Guest;

/// <summary>A simulated processor: it runs a program, translates its accesses through a TLB of its own, and stores real bytes.</summary>
/// <remarks>
/// Thread role: <see cref="Run"/> and the accesses by one thread at a time; <see cref="RequestStop"/> and the counters by any.
/// vCPUs of a machine run concurrently with each other and with harvests. Accesses by two vCPUs to the same bytes race as they do on hardware.
/// </remarks>
public sealed unsafe partial class Vcpu : IDisposable
{
    private readonly VirtualMachine _machine;
    private readonly Tlb _tlb;
    private readonly NativeView<VcpuControl> _controlView = new NativeBlock<VcpuControl>(1).View;
    private readonly VcpuControl* _control;
    private ulong _faults;

    internal Vcpu(VirtualMachine machine, int id)
    {
        _machine = machine;
        Id = id;
        _tlb = new Tlb(machine.Mmu);
        _stalls = new StallMeter(id);
        _control = _controlView.DangerousPointer;
    }

    /// <summary>The vCPU's number in its machine, from 0.</summary>
    public int Id { get; }

    /// <summary>Faults that the vCPU took since it was made: accesses that its page table had no translation, or no permission, for.</summary>
    public ulong Faults => HardwareOrdering.LoadRelaxed(ref _faults);

    /// <summary>Runs the program until there is a reason to leave the guest.</summary>
    /// <param name="program">Steps on from where it is.</param>
    /// <returns>The reason; never <see cref="VcpuExit.None"/>. After all but <see cref="VcpuExit.Halted"/>, run again to go on.</returns>
    /// <typeparam name="TProgram">The program's type.</typeparam>
    /// <exception cref="InvalidOperationException">Another thread runs the vCPU.</exception>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public VcpuExit Run<TProgram>(ref TProgram program)
        where TProgram : struct, IGuestProgram, allows ref struct
    {
        EnterGuest();
        try
        {
            while (true)
            {
                ulong requests = HardwareOrdering.LoadAcquire(ref _control->Requests);
                VcpuExit exit = requests == 0 ? VcpuExit.None : Serve(requests);
                if (exit == VcpuExit.None)
                    exit = program.Step(this);
                if (exit != VcpuExit.None)
                    return Leaving(exit);
            }
        }
        finally
        {
            LeaveGuest();
        }
    }

    /// <summary>Asks the vCPU to leave the guest with <see cref="VcpuExit.Interrupted"/>, now or when it next runs. Any thread.</summary>
    public void RequestStop() => HardwareOrdering.OrRelease(ref _control->Requests, VcpuControl.Stop);

    // A vCPU that outlives its machine reaches nothing: its TLB is empty, and whatever fills it asks a page table that is gone. The memory of
    // its TLB and its control words goes with this object, not here, since other threads may still ask it to stop.
    /// <summary>The machine does this.</summary>
    void IDisposable.Dispose() => _tlb.Flush();

    /// <summary>On a push that met the soft limit: leave the guest before the next step. The vCPU's own thread, or one that pushes to the machine's own ring.</summary>
    internal void RequestHarvest() => HardwareOrdering.OrRelease(ref _control->Requests, VcpuControl.DirtyRingFull);

    internal void CountFault()
    {
        _missEvents |= Faulted;
        HardwareOrdering.StoreRelaxed(ref _faults, _faults + 1);
    }

    private VcpuExit Serve(ulong requests)
    {
        if ((requests & VcpuControl.Invalidate) != 0)
        {
            DropTranslationsBetweenSteps();
            requests |= HardwareOrdering.LoadRelaxed(ref _control->Requests);
        }

        if ((requests & VcpuControl.Stop) != 0)
        {
            HardwareOrdering.FetchAndNotAcquire(ref _control->Requests, VcpuControl.Stop);
            return VcpuExit.Interrupted;
        }

        if ((requests & VcpuControl.DirtyRingFull) != 0)
        {
            // As KVM does: the request stays while the ring is soft full, so running again without a harvest exits again.
            if (_machine.DirtyLog?.NeedsHarvest(this) == true)
                return VcpuExit.DirtyRingFull;
            HardwareOrdering.FetchAndNotAcquire(ref _control->Requests, VcpuControl.DirtyRingFull);
        }

        return (requests & VcpuControl.DirtyQuota) != 0 && IsQuotaExhausted() ? VcpuExit.DirtyQuotaExhausted : VcpuExit.None;
    }
}
