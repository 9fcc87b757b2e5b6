using System.Diagnostics;
using RingKit.Kvm.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;

namespace RingKit.Kvm.Running;

/// <summary>Runs the vCPUs of a real guest, each on a thread of its own. Full rings are emptied by the guest's own log, into itself, unless somebody else does.</summary>
/// <remarks>A guest that does what its handler does not expect ends its vCPU's thread.</remarks>
/// <typeparam name="THandler">Answers what the guests want.</typeparam>
public sealed class KvmVcpuThreads<THandler> : GuestRunner
    where THandler : struct, IKvmExitHandler
{
    private readonly KvmGuest _guest;
    private readonly THandler[] _handlers;
    private readonly Lock _lock = new();
    private TimeSpan _stallTime;

    /// <summary>Prepares the threads; they run from <see cref="GuestRunner.Start"/> on.</summary>
    /// <param name="guest">The guest, whose vCPUs have the registers with which they begin.</param>
    /// <param name="handler">Makes the handler of a vCPU, by its number; by default all are alike.</param>
    /// <exception cref="ArgumentNullException">There is no guest.</exception>
    public KvmVcpuThreads(KvmGuest guest, Func<int, THandler>? handler = null)
        : base(MachineOf(guest), guest.Log)
    {
        _guest = guest;
        _handlers = [.. guest.Vcpus.Select((_, number) => handler is null ? default : handler(number))];
    }

    /// <inheritdoc/>
    public override TimeSpan StallTime
    {
        get
        {
            lock (_lock)
                return _stallTime;
        }
    }

    /// <summary>A vCPU's handler as it stands, while the vCPUs are paused, or have ended.</summary>
    /// <param name="vcpu">The vCPU's number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such vCPU.</exception>
    /// <exception cref="InvalidOperationException">vCPUs are running.</exception>
    public THandler HandlerOf(int vcpu)
    {
        if ((uint)vcpu >= (uint)_handlers.Length)
            throw new ArgumentOutOfRangeException(nameof(vcpu), vcpu, $"The guest has {_handlers.Length} vCPUs.");
        RequireNobodyInside();
        return _handlers[vcpu];
    }

    /// <inheritdoc/>
    protected override VcpuExit Run(Vcpu vcpu)
    {
        KvmVcpu kernels = _guest.Vcpus[vcpu.Id];
        KvmExit exit = kernels.Run();
        return exit.Reason switch
        {
            KvmExitReason.DirtyRingFull => VcpuExit.DirtyRingFull,
            KvmExitReason.Interrupted => VcpuExit.Interrupted,

            // Here, not in Answer: what a handler stores to the guest's memory must be done when a pause returns.
            _ => _handlers[vcpu.Id].Handle(kernels, in exit) ? VcpuExit.None : VcpuExit.Halted,
        };
    }

    /// <inheritdoc/>
    protected override void RequestExit(Vcpu vcpu) => _guest.Vcpus[vcpu.Id].RequestExit();

    /// <inheritdoc/>
    protected override void Answer(Vcpu vcpu, VcpuExit exit)
    {
        if (exit != VcpuExit.DirtyRingFull)
            return;
        long start = Stopwatch.GetTimestamp();
        MakeRoom(vcpu);
        lock (_lock)
            _stallTime += Stopwatch.GetElapsedTime(start);
    }

    private static VirtualMachine MachineOf(KvmGuest guest)
    {
        ArgumentNullException.ThrowIfNull(guest);
        return guest.Machine;
    }
}
