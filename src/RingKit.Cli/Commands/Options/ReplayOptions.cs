using System.CommandLine;
using System.CommandLine.Parsing;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;

namespace RingKit.Cli.Commands.Options;

/// <summary>The options of <c>ringkit replay</c> that say how to replay, each with its range.</summary>
internal sealed class ReplayOptions
{
    private readonly MachineOptions _machine = MachineOptions.WithAllLogs("The dirty logs to replay with, each on a guest of its own", MmuChoice.AllAndReal);

    private readonly Option<long> _interval = new("--interval")
    {
        Description = "Stores and modifies from one harvest to the next.",
        HelpName = "STORES",
        CustomParser = ParseInterval,
        DefaultValueFactory = _ => ReplaySettings.DefaultInterval,
    };

    private readonly Option<ulong?> _memory = new("--memory")
    {
        Description = "The guest's memory in bytes, or with K, M, G or T: a multiple of 4K, at most 1T. It costs nothing until it is touched."
            + $" [default: {MemorySize.Format(ReplaySettings.DefaultMemory)}]",
        HelpName = "SIZE",
        CustomParser = MachineOptions.ParseMemory,
    };

    public void AddTo(Command command)
    {
        _machine.AddTo(command);
        command.Options.Add(_interval);
        command.Options.Add(_memory);
        _machine.AddRingTo(command);
        command.Validators.Add(Check);
    }

    public ReplaySettings Read(ParseResult parsed) => new()
    {
        Mmu = _machine.Mmu(parsed),
        Stage2 = _machine.Stage2(parsed),
        Tdp = _machine.Tdp(parsed),
        Logs = _machine.Logs(parsed),
        Interval = parsed.GetRequiredValue(_interval),
        Memory = parsed.GetValue(_memory) ?? ReplaySettings.DefaultMemory,
        RingEntries = _machine.RingEntries(parsed),
    };

    private void Check(CommandResult command)
    {
        if (_machine.IsKvm(command) && command.GetValue(_memory) is > ReplaySettings.MaximumRealMemory and { } memory)
            command.AddError($"{_memory.Name} {MemorySize.Format(memory)}: with --mmu {MmuChoice.Kvm.Name} at most {MemorySize.Format(ReplaySettings.MaximumRealMemory)}");
    }

    private static long ParseInterval(ArgumentResult argument)
    {
        string text = MachineOptions.WordOf(argument);
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long stores) || stores < 1)
            argument.AddError($"--interval {text}: not a number of stores from 1 to {long.MaxValue}");
        return stores;
    }
}
