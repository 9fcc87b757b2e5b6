using RingKit.Mmu.Guest;
using RingKit.Mmu.Throttling;

namespace RingKit.Mmu.Migration.Running;

/// <summary>Runs a program on each vCPU of a machine, each on a thread of its own.</summary>
/// <remarks>A program that throws, or that touches what is no memory, ends its vCPU's thread.</remarks>
/// <typeparam name="TProgram">The programs' type.</typeparam>
public sealed class VcpuThreads<TProgram> : GuestRunner
    where TProgram : struct, IGuestProgram
{
    private readonly VirtualMachine _machine;
    private readonly TProgram[] _programs;

    /// <summary>Prepares the threads; they run from <see cref="GuestRunner.Start"/> on.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="program">Makes the program of a vCPU, by its number.</param>
    /// <exception cref="ArgumentNullException">There is no machine, or no program.</exception>
    public VcpuThreads(VirtualMachine machine, Func<int, TProgram> program)
        : base(machine)
    {
        ArgumentNullException.ThrowIfNull(program);
        _machine = machine;
        _programs = [.. machine.Vcpus.Select(vcpu => program(vcpu.Id))];
    }

    /// <inheritdoc/>
    public override TimeSpan StallTime => _machine.Stalls.Total;

    /// <summary>Holds the vCPUs back between two entries into the guest; null if nothing does.</summary>
    public VcpuThrottle? Throttle { get; init; }

    /// <summary>A vCPU's program as it stands, while the vCPUs are paused or stopped.</summary>
    /// <param name="vcpu">The vCPU's number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such vCPU.</exception>
    /// <exception cref="InvalidOperationException">vCPUs are running.</exception>
    public TProgram ProgramOf(int vcpu)
    {
        if ((uint)vcpu >= (uint)_programs.Length)
            throw new ArgumentOutOfRangeException(nameof(vcpu), vcpu, $"The machine has {_programs.Length} vCPUs.");
        RequireNobodyInside();
        return _programs[vcpu];
    }

    /// <inheritdoc/>
    protected override VcpuExit Run(Vcpu vcpu)
    {
        // On the stack meanwhile: in the array the programs of other vCPUs are in the same cache line.
        TProgram program = _programs[vcpu.Id];
        try
        {
            return vcpu.Run(ref program);
        }
        finally
        {
            _programs[vcpu.Id] = program;
        }
    }

    /// <inheritdoc/>
    protected override void RequestExit(Vcpu vcpu) => vcpu.RequestStop();

    /// <inheritdoc/>
    protected override void Answer(Vcpu vcpu, VcpuExit exit)
    {
        if (exit is not (VcpuExit.Interrupted or VcpuExit.DirtyRingFull or VcpuExit.DirtyQuotaExhausted))
            throw new InvalidOperationException($"vCPU {vcpu.Id} left the guest for good: {exit}.");

        if (exit == VcpuExit.DirtyRingFull)
            MakeRoom(vcpu);
        bool wasHeld = Throttle?.Hold(vcpu, exit, Hurry) == true;

        // The quota is somebody else's.
        if (exit == VcpuExit.DirtyQuotaExhausted && !wasHeld)
            AwaitChange();
    }
}
