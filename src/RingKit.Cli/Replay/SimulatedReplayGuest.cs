using RingKit.Cli.Machines;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>A simulated guest: loads really load and stores really store.</summary>
internal sealed class SimulatedReplayGuest : IReplayGuest
{
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly Stage2Observer? _stage2;
    private readonly ulong[] _scratch = new ulong[GuestPage.Size / sizeof(ulong)];

    public SimulatedReplayGuest(LogChoice log, ReplaySettings settings)
    {
        Slot = _memory.AddSlot(id: 0, baseGfn: 0, settings.MemoryPages);
        _machine = log.MakeMachine(_memory, settings);
        _stage2 = Stage2Observer.Of(_machine);

        // So that there are huge pages when the log starts.
        if (_machine.Tdp is not null)
            TouchProgram.Map(_machine);
        Log = log.Make(_machine, settings);
        Log.Start();
    }

    public MemorySlot Slot { get; }

    public IDirtyLog Log { get; }

    public void Run(ReadOnlySpan<GuestAccess> accesses, Action harvest)
    {
        var program = new AccessProgram(accesses, _scratch);
        while (true)
        {
            switch (_machine.Vcpus[0].Run(ref program))
            {
                case VcpuExit.Halted:
                    return;
                case VcpuExit.DirtyRingFull:
                    harvest();
                    break;
                case VcpuExit exit:
                    throw new InvalidOperationException($"The guest of the {Log.Name} log left with {exit}.");
            }
        }
    }

    public Stage2Figures? Finish() => _stage2?.Finish(Log);

    public void Dispose()
    {
        Log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }
}
