using System.CommandLine;
using System.CommandLine.Parsing;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Machines;
using RingKit.Cli.RealGuests;
using RingKit.Kvm.Guests;
using RingKit.Mmu.DirtyLogging;

namespace RingKit.Cli.Commands.Options;

/// <summary>The options of <c>ringkit kvm run</c>, each with its range.</summary>
internal sealed class KvmOptions
{
    private static readonly string SizesOfRings = $"a power of two from {DirtyRingSize.MinimumEntries()} to {DirtyRingSize.MaximumEntries}";

    private readonly Option<string> _log = Word("--log", LogNames, "How the kernel tells what is written; the adaptive log moves the guest between ring and bitmap.");

    private readonly Option<string> _pattern = Word("--pattern", PatternNames,
        "Where the guest stores: any page; seven stores of eight to one page of a hundred; one page after the other, each vCPU in its share; the same, counting in each page.");

    private readonly Option<int> _pages = Number("--pages", KvmRunSettings.DefaultPages, KvmRunSettings.MaximumPages, "How many pages the guest stores to");

    private readonly Option<int> _vcpus = Number("--vcpus", 1, GuestProgram.MaximumVcpus, "vCPUs, each on a thread of its own");

    private readonly Option<int> _ringEntries = new("--ring-entries")
    {
        Description = $"Entries of each vCPU's ring: {SizesOfRings}; with Intel's log of the processor from 1024. The kernel may offer less.",
        HelpName = "N",
        CustomParser = ParseRingEntries,
        DefaultValueFactory = _ => KvmRunSettings.DefaultRingEntries,
    };

    private readonly Option<TimeSpan?> _time = Time("--time", KvmRunSettings.DefaultTime, "How long the guest runs");

    private readonly Option<TimeSpan?> _interval = Time("--interval", KvmRunSettings.DefaultInterval, "From one harvest to the next");

    private static string[] LogNames { get; } = [.. LogChoice.Real.Select(log => log.Name)];

    private static GuestPattern[] Patterns { get; } = [GuestPattern.Random, GuestPattern.HotSet, GuestPattern.Sequential, GuestPattern.Counter];

    private static string[] PatternNames { get; } = [.. Patterns.Select(NameOf)];

    /// <summary>A pattern as on the command line.</summary>
    public static string NameOf(GuestPattern pattern) => pattern switch
    {
        GuestPattern.Random => "random",
        GuestPattern.HotSet => "hot",
        GuestPattern.Sequential => "sequential",
        _ => "counter",
    };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_log, _pages, _pattern, _vcpus, _time, _interval, _ringEntries])
            command.Options.Add(option);
        command.Validators.Add(Check);
    }

    public KvmRunSettings Read(ParseResult parsed) => new()
    {
        Log = LogChoice.Real[Array.IndexOf(LogNames, parsed.GetRequiredValue(_log))],
        Pages = parsed.GetRequiredValue(_pages),
        Pattern = Patterns[Array.IndexOf(PatternNames, parsed.GetRequiredValue(_pattern))],
        Vcpus = parsed.GetRequiredValue(_vcpus),
        RingEntries = parsed.GetRequiredValue(_ringEntries),
        Time = parsed.GetValue(_time) ?? KvmRunSettings.DefaultTime,
        Interval = parsed.GetValue(_interval) ?? KvmRunSettings.DefaultInterval,
    };

    private void Check(CommandResult command)
    {
        string log = command.GetValue(_log) ?? LogNames[0], pattern = command.GetValue(_pattern) ?? PatternNames[0];
        int pages = ValueOf(_pages, KvmRunSettings.DefaultPages), vcpus = ValueOf(_vcpus, 1);
        if (!LogNames.Contains(log))
            command.AddError($"--log {log}: choose one of {string.Join(", ", LogNames)}");
        else if (!PatternNames.Contains(pattern))
            command.AddError($"--pattern {pattern}: choose one of {string.Join(", ", PatternNames)}");
        else if (pages > 0 && pages < vcpus)
            command.AddError($"--pages {pages}: at least one for each of {vcpus} vCPUs");

        // What is no number was refused already.
        int ValueOf(Option option, int otherwise) =>
            command.GetResult(option) is { Tokens: [{ Value: var text }] } && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : otherwise;
    }

    private static Option<string> Word(string name, string[] words, string description) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', words),
        Arity = ArgumentArity.OneOrMore,
        CustomParser = MachineOptions.WordOf,
        DefaultValueFactory = _ => words[0],
    };

    private static Option<int> Number(string name, int otherwise, int most, string description) => new(name)
    {
        Description = $"{description}: from 1 to {most}.",
        HelpName = "N",
        CustomParser = argument =>
        {
            string text = MachineOptions.WordOf(argument);
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1 || number > most)
                argument.AddError($"{name} {text}: not a number from 1 to {most}");
            return number;
        },
        DefaultValueFactory = _ => otherwise,
    };

    private static Option<TimeSpan?> Time(string name, TimeSpan otherwise, string description) => new(name)
    {
        Description = $"{description}. [default: {Duration.Format(otherwise)}]",
        HelpName = "TIME",
        CustomParser = argument =>
        {
            string text = MachineOptions.WordOf(argument);
            if (!Duration.TryParse(text, out TimeSpan time) || time < KvmRunSettings.MinimumInterval || time > KvmRunSettings.MaximumTime)
                argument.AddError($"{name} {text}: not a time from {Duration.Format(KvmRunSettings.MinimumInterval)} to {Duration.Format(KvmRunSettings.MaximumTime)} (100ms, 2s, 1m)");
            return time;
        },
    };

    private static int ParseRingEntries(ArgumentResult argument)
    {
        string text = MachineOptions.WordOf(argument);
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong entries) && DirtyRingSize.FromEntries(entries).Check() == Mmu.Errno.None)
            return (int)entries;
        argument.AddError($"--ring-entries {text}: not {SizesOfRings}");
        return 0;
    }
}
