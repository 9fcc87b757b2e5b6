using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;

namespace RingKit.Cli.Replay;

/// <summary>Watches the stage-2 table of a replay's machine: the guest has run for a while when the log starts, and goes on when it has stopped.</summary>
internal sealed class Stage2Observer
{
    private readonly VirtualMachine _machine;
    private readonly Stage2Hv _stage2;
    private readonly ulong _touchedPages;
    private readonly Stage2Mappings _before;
    private readonly Stage2Statistics _atStart;

    private Stage2Observer(VirtualMachine machine, Stage2Hv stage2)
    {
        _machine = machine;
        _stage2 = stage2;
        _touchedPages = TouchProgram.Map(machine);
        _before = stage2.CountMappings();
        _atStart = stage2.Statistics;
    }

    /// <summary>Lets the guest map its memory, before there is a log.</summary>
    /// <returns>Null for a machine without a stage-2 table.</returns>
    public static Stage2Observer? Of(VirtualMachine machine) => machine.Stage2 is { } stage2 ? new Stage2Observer(machine, stage2) : null;

    /// <summary>Stops the log, and lets the guest go on.</summary>
    public Stage2Figures Finish(IDirtyLog log)
    {
        log.Stop();
        Stage2Statistics atStop = _stage2.Statistics;
        Stage2Mappings stopped = _stage2.CountMappings();
        TouchProgram.Map(_machine);
        return new Stage2Figures(
            _stage2.Options, _touchedPages, atStop - _atStart, _before, stopped, _stage2.CountMappings(), _stage2.Statistics - atStop);
    }
}
