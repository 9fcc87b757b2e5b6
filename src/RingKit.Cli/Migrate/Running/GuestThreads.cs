using RingKit.Cli.Migrate.Workloads;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Throttling;

namespace RingKit.Cli.Migrate.Running;

/// <summary>Runs a source of stores on each vCPU of a machine, on a thread of its own, until it is disposed.</summary>
internal sealed class GuestThreads<TSource> : GuestRunner, IRunningGuest
    where TSource : struct, IStoreSource
{
    private readonly VirtualMachine _machine;
    private readonly StorePacer[] _pacers;
    private readonly PacedProgram<TSource>[] _programs;
    private readonly VcpuThrottle? _throttle;

    /// <summary>Starts the vCPUs.</summary>
    /// <param name="machine">The machine; nobody else runs its vCPUs.</param>
    /// <param name="storesPerSecond">Of each vCPU.</param>
    /// <param name="sourceOf">What each stores.</param>
    /// <param name="throttle">What holds them back, or null.</param>
    public GuestThreads(VirtualMachine machine, double storesPerSecond, Func<int, TSource> sourceOf, VcpuThrottle? throttle = null)
        : base(machine)
    {
        _machine = machine;
        _throttle = throttle;
        _pacers = [.. machine.Vcpus.Select(_ => new StorePacer(storesPerSecond, TimeProvider.System))];
        _programs = [.. machine.Vcpus.Select(vcpu => new PacedProgram<TSource>(sourceOf(vcpu.Id), _pacers[vcpu.Id]))];
        Start();
    }

    public override TimeSpan StallTime => _machine.Stalls.Total;

    public ulong Stores => _pacers.Aggregate(0UL, (sum, pacer) => sum + pacer.Stores);

    protected override VcpuExit Run(Vcpu vcpu)
    {
        // On the stack meanwhile: in the array the programs of other vCPUs are in the same cache line.
        PacedProgram<TSource> program = _programs[vcpu.Id];
        try
        {
            return vcpu.Run(ref program);
        }
        finally
        {
            _programs[vcpu.Id] = program;
        }
    }

    protected override void RequestExit(Vcpu vcpu) => vcpu.RequestStop();

    protected override void Answer(Vcpu vcpu, VcpuExit exit)
    {
        StorePacer pacer = _pacers[vcpu.Id];
        bool isHeld = _throttle?.Hold(vcpu, exit, Hurry) == true;
        if (isHeld)
            pacer.LoseTime();
        if (exit == VcpuExit.DirtyRingFull)
            MakeRoom(vcpu);
        else if (!isHeld && exit != VcpuExit.Interrupted)
            throw new InvalidOperationException($"vCPU {vcpu.Id} left the guest with {exit}.");
        else if (!isHeld && _programs[vcpu.Id].IsWaiting)
            Sleep(pacer.Wait);
    }
}
