using System.CommandLine;
using System.CommandLine.Parsing;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Machines;
using RingKit.Cli.Migrate;
using RingKit.Cli.Migrate.Running;
using RingKit.Cli.Migrate.Workloads;
using RingKit.Kvm.Guests;

namespace RingKit.Cli.Commands.Options;

/// <summary>The options of <c>ringkit migrate</c> that say what to migrate and how, each with its range.</summary>
internal sealed class MigrateOptions
{
    private const string Most = "max";

    private readonly MachineOptions _machine = MachineOptions.WithFirstLog("The dirty log to migrate with, or one migration with each", MmuChoice.AllAndReal);

    private readonly Option<ulong?> _memory = new("--memory")
    {
        Description = "The guest's memory in bytes, or with K, M, G or T: a multiple of 4K, at most 1T, and twice that must be free."
            + $" [default: {MemorySize.Format(MigrateSettings.DefaultMemory)}]",
        HelpName = "SIZE",
        CustomParser = MachineOptions.ParseMemory,
    };

    private readonly Option<int> _vcpus = new("--vcpus")
    {
        Description = $"vCPUs, each a thread that goes on storing: from 1 to {MigrateSettings.MaximumVcpus}.",
        HelpName = "N",
        CustomParser = argument => ParseNumber(argument, "--vcpus", 1, MigrateSettings.MaximumVcpus),
        DefaultValueFactory = _ => MigrateSettings.DefaultVcpus,
    };

    private readonly Option<ulong?> _writeRate = new("--write-rate")
    {
        Description = $"What all vCPUs store, a store counting as its whole page, in {DataRate.Form}: 0 for an idle guest, {Most} for as fast as they can."
            + $" [default: {MemorySize.Format(MigrateSettings.DefaultWriteRate)}]",
        HelpName = "RATE",
        CustomParser = ParseWriteRate,
    };

    private readonly Option<string> _pattern = new("--pattern")
    {
        Description = "Where to: any page alike; one page after the other, each vCPU in its share; or nine stores of ten to one page of a hundred.",
        HelpName = string.Join('|', PatternNames),
        Arity = ArgumentArity.OneOrMore,
        CustomParser = MachineOptions.WordOf,
        DefaultValueFactory = _ => PatternNames[0],
    };

    private readonly Option<string?> _trace = new("--trace")
    {
        Description = "In place of a pattern: the stores of a trace of valgrind's lackey, a part for each vCPU, over and over.",
        HelpName = "FILE",
    };

    private readonly Option<ulong> _seed = new("--seed")
    {
        Description = "Where the random numbers of a pattern begin.",
        HelpName = "N",
        CustomParser = ParseSeed,
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<TimeSpan?> _warmUp = new("--warm-up")
    {
        Description = "How long the guest runs before its log starts: what its stores are compared with later."
            + $" [default: {Duration.Format(MigrateSettings.DefaultWarmUp)}]",
        HelpName = "TIME",
        CustomParser = argument => ParseTime(argument, "--warm-up", TimeSpan.Zero, MigrateSettings.MaximumWarmUp),
    };

    private readonly Option<ulong?> _bandwidth = new("--bandwidth")
    {
        Description = $"The most that is sent while the guest runs, in {DataRate.Form}, or {Most} for no limit."
            + $" [default: {MemorySize.Format(MigrateSettings.DefaultBandwidth)}]",
        HelpName = "RATE",
        CustomParser = ParseBandwidth,
    };

    private readonly Option<TimeSpan?> _downtime = new("--downtime")
    {
        Description = "How long the guest may stand still at the end (500us, 300ms, 1s, 1m)."
            + $" [default: {Duration.Format(MigrateSettings.DefaultDowntime)}]",
        HelpName = "TIME",
        CustomParser = argument => ParseTime(argument, "--downtime", MigrateSettings.MinimumDowntime, MigrateSettings.MaximumDowntime),
    };

    private readonly Option<int> _rounds = new("--max-rounds")
    {
        Description = "Rounds after which the guest is stopped, however long the rest takes.",
        HelpName = "N",
        CustomParser = argument => ParseNumber(argument, "--max-rounds", 1, MigrateSettings.MaximumRounds),
        DefaultValueFactory = _ => MigrateSettings.DefaultRounds,
    };

    private readonly Option<string> _throttle = new("--throttle")
    {
        Description = "How the guest is held back when two rounds dirty more than half of what they send: its time, as QEMU's auto-converge, or its pages.",
        HelpName = string.Join('|', ThrottleNames),
        Arity = ArgumentArity.OneOrMore,
        CustomParser = MachineOptions.WordOf,
        DefaultValueFactory = _ => ThrottleNames[0],
    };

    private readonly Option<string> _via = new("--via")
    {
        Description = "How the pages travel to the destination, which is in this process: TCP over loopback, a pipe, or a file that is read when all is written.",
        HelpName = "tcp|pipe|FILE",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = MachineOptions.WordOf,
        DefaultValueFactory = _ => Via.Tcp.Name,
    };

    private static string[] PatternNames { get; } = [.. Enum.GetValues<StorePattern>().Select(NameOf)];

    private static string[] ThrottleNames { get; } = [.. Enum.GetValues<ThrottleKind>().Select(NameOf)];

    /// <summary>A pattern as on the command line.</summary>
    public static string NameOf(StorePattern pattern) => pattern switch
    {
        StorePattern.Sequential => "sequential",
        StorePattern.Hot => "hot",
        _ => "random",
    };

    /// <summary>A throttle as on the command line.</summary>
    public static string NameOf(ThrottleKind throttle) => throttle switch
    {
        ThrottleKind.AutoConverge => "auto-converge",
        ThrottleKind.Quota => "quota",
        _ => "none",
    };

    public void AddTo(Command command)
    {
        _machine.AddTo(command);
        foreach (Option option in (Option[])[_memory, _vcpus, _writeRate, _pattern, _trace, _seed, _warmUp, _bandwidth, _downtime, _rounds, _throttle, _via])
            command.Options.Add(option);
        _machine.AddRingTo(command);
        command.Validators.Add(Check);
    }

    /// <summary>The trace that the stores come from, or null.</summary>
    public string? ReadTrace(ParseResult parsed) => parsed.GetValue(_trace);

    public MigrateSettings Read(ParseResult parsed) => new()
    {
        Mmu = _machine.Mmu(parsed),
        Stage2 = _machine.Stage2(parsed),
        Tdp = _machine.Tdp(parsed),
        Logs = _machine.Logs(parsed),
        RingEntries = _machine.RingEntries(parsed),
        Memory = parsed.GetValue(_memory) ?? MigrateSettings.DefaultMemory,
        Vcpus = parsed.GetRequiredValue(_vcpus),
        WriteRate = parsed.GetValue(_writeRate) ?? MigrateSettings.DefaultWriteRate,
        Pattern = (StorePattern)Array.IndexOf(PatternNames, parsed.GetRequiredValue(_pattern)),
        Seed = parsed.GetRequiredValue(_seed),
        WarmUp = parsed.GetValue(_warmUp) ?? MigrateSettings.DefaultWarmUp,
        Bandwidth = parsed.GetValue(_bandwidth) ?? MigrateSettings.DefaultBandwidth,
        Downtime = parsed.GetValue(_downtime) ?? MigrateSettings.DefaultDowntime,
        Rounds = parsed.GetRequiredValue(_rounds),
        Throttle = (ThrottleKind)Array.IndexOf(ThrottleNames, parsed.GetRequiredValue(_throttle)),
        Via = ViaOf(parsed.GetRequiredValue(_via)),
    };

    private static Via ViaOf(string word) => word == Via.Tcp.Name ? Via.Tcp : word == Via.Pipe.Name ? Via.Pipe : Via.File(word);

    // What goes with what, and the words that every string can be read as.
    private void Check(CommandResult command)
    {
        string pattern = command.GetValue(_pattern) ?? PatternNames[0], via = command.GetValue(_via) ?? Via.Tcp.Name;
        string throttle = command.GetValue(_throttle) ?? ThrottleNames[0];
        if (!PatternNames.Contains(pattern))
            command.AddError($"--pattern {pattern}: choose one of {string.Join(", ", PatternNames)}");
        else if (command.GetValue(_trace) is not null && command.GetResult(_pattern) is { Implicit: false })
            command.AddError("--pattern: not with --trace, which says where the stores go");
        else if (!ThrottleNames.Contains(throttle))
            command.AddError($"--throttle {throttle}: choose one of {string.Join(", ", ThrottleNames)}");
        else if (throttle == NameOf(ThrottleKind.Quota) && _machine.IsHash(command))
            command.AddError($"--throttle {throttle}: not with --mmu hash, whose page table records what is written without the vCPU");
        else if (_machine.IsKvm(command) && ((Option[])[_trace, _throttle]).FirstOrDefault(IsGiven) is { } refused)
            command.AddError($"{refused.Name}: not with --mmu {MmuChoice.Kvm.Name}, whose guest has a program of its own, and is held back by nobody");
        else if (_machine.IsKvm(command) && command.GetResult(_vcpus) is { Tokens: [{ Value: var vcpus }] }
            && int.TryParse(vcpus, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is > GuestProgram.MaximumVcpus and <= MigrateSettings.MaximumVcpus)
            command.AddError($"{_vcpus.Name} {vcpus}: with --mmu {MmuChoice.Kvm.Name} not a number from 1 to {GuestProgram.MaximumVcpus}");
        else if (via.Length == 0)
            command.AddError("--via: the name is empty: tcp, pipe or a FILE");
        else if (command.GetResult(_via) is { Tokens.Count: > 1 })
            command.AddError($"--via {via}: given twice");
        else if (ViaOf(via).Path is not null && _machine.TakesSeveralLogs(command))
            command.AddError($"--via {via}: a file takes one migration; choose one --log");

        bool IsGiven(Option option) => command.GetResult(option) is { Implicit: false };
    }

    private static int ParseNumber(ArgumentResult argument, string option, int least, int most)
    {
        string text = MachineOptions.WordOf(argument);
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < least || number > most)
            argument.AddError($"{option} {text}: not a number from {least} to {most}");
        return number;
    }

    private static ulong ParseSeed(ArgumentResult argument)
    {
        string text = MachineOptions.WordOf(argument);
        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
            argument.AddError($"--seed {text}: not a number from 0 to {ulong.MaxValue}");
        return seed;
    }

    private static ulong? ParseWriteRate(ArgumentResult argument) => ParseRate(argument, "--write-rate", least: 0, "0");

    // Nothing would ever arrive with none; a guest that stores nothing is idle.
    private static ulong? ParseBandwidth(ArgumentResult argument) =>
        ParseRate(argument, "--bandwidth", MigrateSettings.MinimumBandwidth, MemorySize.Format(MigrateSettings.MinimumBandwidth));

    private static ulong? ParseRate(ArgumentResult argument, string option, ulong least, string leastText)
    {
        string text = MachineOptions.WordOf(argument);
        if (text == Most)
            return MigrateSettings.Unlimited;
        if (!DataRate.TryParse(text, out ulong rate) || rate < least || rate > MigrateSettings.MaximumRate)
            argument.AddError($"{option} {text}: not a rate from {leastText} to {MemorySize.Format(MigrateSettings.MaximumRate)}, or {Most}: {DataRate.Form}");
        return rate;
    }

    private static TimeSpan? ParseTime(ArgumentResult argument, string option, TimeSpan least, TimeSpan most)
    {
        string text = MachineOptions.WordOf(argument);
        if (!Duration.TryParse(text, out TimeSpan time) || time < least || time > most)
            argument.AddError($"{option} {text}: not a time from {Duration.Format(least)} to {Duration.Format(most)} (500us, 300ms, 2s, 1m)");
        return time;
    }
}
