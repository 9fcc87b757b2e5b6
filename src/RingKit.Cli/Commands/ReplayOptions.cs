using System.CommandLine;
using System.CommandLine.Parsing;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;

namespace RingKit.Cli.Commands;

/// <summary>The options of <c>ringkit replay</c> that say how to replay, each with its range.</summary>
internal sealed class ReplayOptions
{
    private const string AllLogs = "all";

    // Where a default's value does not read as it is typed, the description names it.
    private readonly Option<string> _mmu = new("--mmu")
    {
        Description = "The page table: a flat one, PowerPC's hashed one, or the second stage of arm64's.",
        HelpName = string.Join('|', MmuChoice.All.Select(mmu => mmu.Name)),
        Arity = ArgumentArity.OneOrMore,
        CustomParser = WordOf,
        DefaultValueFactory = _ => MmuChoice.Flat.Name,
    };

    private readonly Option<string> _log = new("--log")
    {
        Description = $"The dirty logs to replay with, each on a guest of its own: {string.Join("; ", MmuChoice.All.Select(LogsOf))}.",
        HelpName = "LOG",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = WordOf,
        DefaultValueFactory = _ => AllLogs,
    };

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
        CustomParser = ParseMemory,
    };

    private readonly Option<int> _ringEntries = new("--ring-entries")
    {
        Description = $"Entries of the dirty ring: a power of two from {SmallestRing} to {DirtyRingSize.MaximumEntries}, as KVM has it.",
        HelpName = "N",
        CustomParser = ParseRingEntries,
        DefaultValueFactory = _ => ReplaySettings.DefaultRingEntries,
    };

    private readonly Stage2ReplayOptions _stage2 = new();

    // With KVM's reserve and 4 KiB pages, which all guests here have.
    private static ulong SmallestRing => DirtyRingSize.MinimumEntries();

    public void AddTo(Command command)
    {
        command.Options.Add(_mmu);
        command.Options.Add(_log);
        command.Validators.Add(CheckMmuAndLogs);
        _stage2.AddTo(command);
        command.Options.Add(_interval);
        command.Options.Add(_memory);
        command.Options.Add(_ringEntries);
    }

    public ReplaySettings Read(ParseResult parsed) => new()
    {
        Mmu = MmuOf(parsed.GetRequiredValue(_mmu))!,
        Stage2 = _stage2.Read(parsed),
        Logs = Choose(MmuOf(parsed.GetRequiredValue(_mmu))!, parsed.GetRequiredValue(_log)),
        Interval = parsed.GetRequiredValue(_interval),
        Memory = parsed.GetValue(_memory) ?? ReplaySettings.DefaultMemory,
        RingEntries = parsed.GetRequiredValue(_ringEntries),
    };

    private static string LogsOf(MmuChoice mmu) => $"with {mmu.Name} {string.Join(", ", mmu.Logs.Select(log => log.Name).Append(AllLogs))}";

    // An option that is given twice has two words, which no range admits.
    internal static string WordOf(ArgumentResult argument) => string.Join(' ', argument.Tokens.Select(token => token.Value));

    // Which logs there are depends on the page table, so both wait until both are read.
    private void CheckMmuAndLogs(CommandResult command)
    {
        string mmuName = command.GetValue(_mmu) ?? MmuChoice.Flat.Name;
        if (MmuOf(mmuName) is not { } mmu)
        {
            command.AddError($"--mmu {mmuName}: choose one of {string.Join(", ", MmuChoice.All.Select(mmu => mmu.Name))}");
            return;
        }

        string name = command.GetValue(_log) ?? AllLogs;
        if (Choose(mmu, name).Count == 0)
            command.AddError($"--log {name}: choose one of {string.Join(", ", mmu.Logs.Select(log => log.Name).Append(AllLogs))}");
        _stage2.Check(command, mmu);
    }

    private static MmuChoice? MmuOf(string name) => MmuChoice.All.FirstOrDefault(mmu => mmu.Name.Equals(name, StringComparison.Ordinal));

    private static IReadOnlyList<LogChoice> Choose(MmuChoice mmu, string name) => name is AllLogs
        ? mmu.Logs
        : [.. mmu.Logs.Where(log => log.Name.Equals(name, StringComparison.Ordinal))];

    private static long ParseInterval(ArgumentResult argument)
    {
        string text = WordOf(argument);
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long stores) || stores < 1)
            argument.AddError($"--interval {text}: not a number of stores from 1 to {long.MaxValue}");
        return stores;
    }

    private static ulong? ParseMemory(ArgumentResult argument)
    {
        string text = WordOf(argument);
        if (!MemorySize.TryParse(text, out ulong bytes) || bytes is 0 or > ReplaySettings.MaximumMemory || bytes % 4096 != 0)
            argument.AddError($"--memory {text}: not a multiple of 4K from 4K to 1T (bytes, or with K, M, G or T: 64M)");
        return bytes;
    }

    private static int ParseRingEntries(ArgumentResult argument)
    {
        string text = WordOf(argument);
        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong entries)
            || DirtyRingSize.FromEntries(entries).Check() != Errno.None)
        {
            argument.AddError($"--ring-entries {text}: not a power of two from {SmallestRing} to {DirtyRingSize.MaximumEntries}");
            return 0;
        }

        return (int)entries;
    }
}
