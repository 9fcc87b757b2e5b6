using RingKit.Cli.Machines;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>A simulated machine with a dirty log.</summary>
internal sealed class SimulatedReplayMachine : ReplayMachine
{
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly Stage2Observer? _stage2;
    private readonly ulong[] _scratch = new ulong[GuestPage.Size / sizeof(ulong)];

    public SimulatedReplayMachine(LogChoice log, ReplaySettings settings)
        : base(log.Name)
    {
        Slot = _memory.AddSlot(id: 0, baseGfn: 0, settings.MemoryPages);
        _machine = log.MakeMachine(_memory, settings);
        _stage2 = Stage2Observer.Of(_machine);

        // So that there are huge pages when the log starts.
        if (_machine.Tdp is not null)
            TouchProgram.Map(_machine);
        Log = log.Make(_machine, settings);
        Log.Start();
        BeginIntervals();
    }

    /// <inheritdoc/>
    public override MemorySlot Slot { get; }

    private protected override IDirtyLog Log { get; }

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<GuestAccess> accesses)
    {
        var program = new AccessProgram(accesses, _scratch);
        while (true)
        {
            switch (_machine.Vcpus[0].Run(ref program))
            {
                case VcpuExit.Halted:
                    return;
                case VcpuExit.DirtyRingFull:
                    RingFullExits++;
                    Harvest();
                    break;
                case VcpuExit exit:
                    throw new InvalidOperationException($"The guest of the {LogName} log left with {exit}.");
            }
        }
    }

    /// <inheritdoc/>
    public override void Harvest()
    {
        var sink = new Sink(DirtyPages);
        Log.Harvest(ref sink);
    }

    /// <inheritdoc/>
    public override LogReport Finish() => base.Finish() with { Stage2 = _stage2?.Finish(Log) };

    public override void Dispose()
    {
        Log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }

    private readonly struct Sink(PageSet pages) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => pages.Add(slot.BaseGfn + baseOffset, mask);
    }
}
