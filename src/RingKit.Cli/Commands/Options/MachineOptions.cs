using System.CommandLine;
using System.CommandLine.Parsing;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Machines;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;

namespace RingKit.Cli.Commands.Options;

/// <summary>The options that say which machines a command makes: page table, dirty logs, the ring's size, stage 2's.</summary>
internal sealed class MachineOptions
{
    private const string AllLogs = "all";

    // Where a default's value does not read as it is typed, the description names it.
    private readonly Option<string> _mmu;
    private readonly Option<string> _log;
    private readonly IReadOnlyList<MmuChoice> _mmus;
    private readonly string? _defaultLog;

    private readonly Option<int> _ringEntries = new("--ring-entries")
    {
        Description = $"Entries of the dirty ring: {MmuChoice.Flat.RingSizes}, as KVM has it; with {MmuChoice.TdpWithLog.Name} from {MmuChoice.TdpWithLog.SmallestRing}.",
        HelpName = "N",
        CustomParser = ParseRingEntries,
        DefaultValueFactory = _ => MachineSettings.DefaultRingEntries,
    };

    private readonly SecondStageOptions _secondStage = new();

    private MachineOptions(string logs, string? defaultLog, IReadOnlyList<MmuChoice> mmus)
    {
        _defaultLog = defaultLog;
        _mmus = mmus;
        _mmu = new Option<string>("--mmu")
        {
            Description = $"The page table: {MmuChoice.Description}{(mmus.Contains(MmuChoice.Kvm) ? $" Or {MmuChoice.KvmDescription}" : "")}",
            HelpName = string.Join('|', mmus.Select(mmu => mmu.Name)),
            Arity = ArgumentArity.OneOrMore,
            CustomParser = WordOf,
            DefaultValueFactory = _ => MmuChoice.Flat.Name,
        };
        _log = new Option<string>("--log")
        {
            Description = $"{logs}: {string.Join("; ", mmus.Select(LogsOf))}.{(defaultLog is null ? " [default: the first]" : "")}",
            HelpName = "LOG",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = WordOf,
        };
        if (defaultLog is not null)
            _log.DefaultValueFactory = _ => defaultLog;
    }

    /// <summary>Options of a command that takes all of a page table's logs where none is named.</summary>
    /// <param name="logs">What the logs are for: the description goes on with their names.</param>
    /// <param name="mmus">The page tables that there are.</param>
    public static MachineOptions WithAllLogs(string logs, IReadOnlyList<MmuChoice> mmus) => new(logs, AllLogs, mmus);

    /// <summary>Options of a command that takes a page table's first log where none is named.</summary>
    /// <param name="logs">What the logs are for: the description goes on with their names.</param>
    /// <param name="mmus">The page tables that there are; all simulated ones if it is null.</param>
    public static MachineOptions WithFirstLog(string logs, IReadOnlyList<MmuChoice>? mmus = null) => new(logs, defaultLog: null, mmus ?? MmuChoice.All);

    /// <summary>Adds them in the order of help. The ring's size comes behind the command's own, by <see cref="AddRingTo"/>.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_mmu);
        command.Options.Add(_log);
        command.Validators.Add(CheckMmuAndLogs);
        _secondStage.AddTo(command);
    }

    public void AddRingTo(Command command) => command.Options.Add(_ringEntries);

    public MmuChoice Mmu(ParseResult parsed) => MmuChoice.Of(parsed.GetRequiredValue(_mmu), _mmus)!;

    public IReadOnlyList<LogChoice> Logs(ParseResult parsed) => Choose(Mmu(parsed), parsed.GetValue(_log));

    /// <summary>Whether more than one log is asked for. In a validator.</summary>
    public bool TakesSeveralLogs(CommandResult command) => MmuOf(command) is { } mmu && Choose(mmu, command.GetValue(_log) ?? _defaultLog).Count > 1;

    /// <summary>Whether the hashed page table is asked for. In a validator.</summary>
    public bool IsHash(CommandResult command) => MmuOf(command) == MmuChoice.Hash;

    /// <summary>Whether a guest on this machine's KVM is asked for. In a validator.</summary>
    public bool IsKvm(CommandResult command) => MmuOf(command) == MmuChoice.Kvm;

    public int RingEntries(ParseResult parsed) => parsed.GetRequiredValue(_ringEntries);

    public Stage2Options Stage2(ParseResult parsed) => _secondStage.Stage2(parsed);

    public TdpOptions Tdp(ParseResult parsed) => _secondStage.Tdp(parsed);

    /// <summary>Reads a guest's size in whole pages.</summary>
    internal static ulong? ParseMemory(ArgumentResult argument)
    {
        string text = WordOf(argument);
        if (!MemorySize.TryParse(text, out ulong bytes) || bytes is 0 or > MachineSettings.MaximumMemory || bytes % 4096 != 0)
            argument.AddError($"--memory {text}: not a multiple of 4K from 4K to 1T (bytes, or with K, M, G or T: 64M)");
        return bytes;
    }

    // An option that is given twice has two words, which no range admits.
    internal static string WordOf(ArgumentResult argument) => string.Join(' ', argument.Tokens.Select(token => token.Value));

    private static string LogsOf(MmuChoice mmu) => $"with {mmu.Name} {string.Join(", ", mmu.Logs.Select(log => log.Name).Append(AllLogs))}";

    // Which logs there are depends on the page table, so both wait until both are read.
    private void CheckMmuAndLogs(CommandResult command)
    {
        string mmuName = command.GetValue(_mmu) ?? MmuChoice.Flat.Name;
        if (MmuChoice.Of(mmuName, _mmus) is not { } mmu)
        {
            command.AddError($"--mmu {mmuName}: choose one of {string.Join(", ", _mmus.Select(mmu => mmu.Name))}");
            return;
        }

        string? name = command.GetValue(_log) ?? _defaultLog;
        if (Choose(mmu, name).Count == 0)
            command.AddError($"--log {name}: choose one of {string.Join(", ", mmu.Logs.Select(log => log.Name).Append(AllLogs))}");
        else if (RingOf(command) is { } entries && !mmu.AllowsRing(entries))
            command.AddError($"{_ringEntries.Name} {entries}: with --mmu {mmu.Name} {mmu.RingSizes}");
        _secondStage.Check(command, mmu);
    }

    private MmuChoice? MmuOf(CommandResult command) => MmuChoice.Of(command.GetValue(_mmu) ?? MmuChoice.Flat.Name, _mmus);

    // Null also for what is no size with any page table, which was refused already.
    private ulong? RingOf(CommandResult command) =>
        command.GetResult(_ringEntries) is { Tokens: [{ Value: var text }] } && TryParseEntries(text, out ulong entries) ? entries : null;

    private static IReadOnlyList<LogChoice> Choose(MmuChoice mmu, string? name) => name switch
    {
        null => [mmu.Logs[0]],
        AllLogs => mmu.Logs,
        _ => [.. mmu.Logs.Where(log => log.Name.Equals(name, StringComparison.Ordinal))],
    };

    private static int ParseRingEntries(ArgumentResult argument)
    {
        string text = WordOf(argument);
        if (TryParseEntries(text, out ulong entries))
            return (int)entries;
        argument.AddError($"--ring-entries {text}: not {MmuChoice.Flat.RingSizes}");
        return 0;
    }

    private static bool TryParseEntries(string text, out ulong entries) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out entries) && MmuChoice.Flat.AllowsRing(entries);
}
