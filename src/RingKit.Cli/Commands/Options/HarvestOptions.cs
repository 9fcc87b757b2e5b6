using System.CommandLine;
using System.CommandLine.Parsing;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Cli.Machines;
using RingKit.Kvm.Guests;
using RingKit.Mmu.DirtyLogging;

namespace RingKit.Cli.Commands.Options;

/// <summary>The options of <c>ringkit harvest</c> that say what is measured, each with its range.</summary>
internal sealed class HarvestOptions
{
    private const string All = "all";
    private const string Usual = "usual";
    private const string DefaultMemory = "1G,64G,1T";
    private const string DefaultRealMemory = "64M";
    private const string DefaultRealStores = "4096";
    private const string DefaultInterval = "1000,10000,100000";
    private const string DefaultDirty = "0,0.0001%,0.001%,0.01%,0.1%,1%,10%,50%,100%";

    private readonly Option<string> _mmu = ListOption("--mmu", MmuChoice.Flat.Name,
        $"The page table: {MmuChoice.Description} Or {MmuChoice.KvmDescription}", string.Join('|', MmuChoice.AllAndReal.Select(mmu => mmu.Name)));

    private readonly Option<string> _memory = ListOption("--memory", DefaultMemory,
        "The guests' memory: bytes, or with K, M, G or T, each a multiple of 4K and at most 1T. Its pages share a few real ones; not with kvm's logs, whose default is 64M.", "SIZE,...");

    private readonly Option<string> _dirty = ListOption("--dirty", DefaultDirty,
        "How much of it the guest stores to between two harvests: parts of its pages, or numbers of pages.", "AMOUNT,...");

    private readonly Option<string> _pattern = ListOption("--pattern", All,
        "How the dirty pages lie: anywhere; in neighbourhoods of about 1000 pages, three of four dirty; or in runs of about 64.", $"{string.Join('|', PagePatterns.Names)}|{All}");

    private readonly Option<string?> _trace = new("--trace")
    {
        Description = "In place of amounts and patterns: the stores of a trace of valgrind's lackey, plain or gzip, which the vCPUs share in each round.",
        HelpName = "FILE",
    };

    private readonly Option<string> _interval = ListOption("--interval", DefaultInterval,
        "With a trace: stores from one harvest to the next.", "STORES,...");

    private readonly Option<string> _logs = ListOption("--logs", Usual,
        $"The dirty logs: {string.Join("; ", MmuChoice.AllAndReal.Select(mmu => $"with {mmu.Name} {NamesOver(mmu)}"))}; {All}; or {Usual}, which leaves out sim-kvm's, whose records are those of others. What needs the guest's memory for real must be named: kvm's, of a real guest on this machine's KVM, and host, this machine's kernel. Where all of them do, --mmu is kvm.",
        "LOG,...");

    private readonly Option<string> _vcpus = ListOption("--vcpus", "1",
        $"vCPUs of each guest, which share the stores: 1 to {HarvestSettings.MaximumVcpus}.", "N");

    private readonly Option<string> _ringEntries = ListOption("--ring-entries", "4096",
        $"Entries of each vCPU's ring: {MmuChoice.Flat.RingSizes}, as KVM has it; with {MmuChoice.TdpWithLog.Name} from {MmuChoice.TdpWithLog.SmallestRing}.", "N");

    private readonly Option<string> _mostStores = ListOption("--stores", HarvestSettings.DefaultMostStores.ToString(CultureInfo.InvariantCulture),
        "The most pages a guest stores to. A cell with more is measured on a guest that is smaller by a power of two, with the same part dirty. With kvm's logs the default is 4096.", "N");

    private readonly Option<string> _cellTime = ListOption("--cell-time", Duration.Format(HarvestSettings.DefaultCellTime),
        "For about how long the rounds of a cell are repeated, 0ms to 1m: all logs take turns, at least four rounds each. A longer time has less noise.", "TIME");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_mmu, _memory, _dirty, _pattern, _trace, _interval, _logs, _vcpus, _ringEntries, _mostStores, _cellTime])
            command.Options.Add(option);
        command.Validators.Add(result => TryRead(result, out _));
    }

    public HarvestSettings Read(ParseResult parsed)
    {
        TryRead(parsed.CommandResult, out HarvestSettings? settings);
        return settings!;
    }

    /// <summary>The trace that the stores come from, or null.</summary>
    public string? ReadTrace(ParseResult parsed) => parsed.GetValue(_trace);

    private bool TryRead(CommandResult command, out HarvestSettings? settings)
    {
        settings = null;
        string Word(Option<string> option) => command.GetValue(option) ?? (string)option.GetDefaultValue()!;

        if (MmuChoice.Of(Word(_mmu), MmuChoice.AllAndReal) is not { } mmu)
            return Refuse(_mmu, $"choose one of {string.Join(", ", MmuChoice.AllAndReal.Select(mmu => mmu.Name))}");
        if (ReadLogs(Word(_logs), mmu) is not { } logs)
            return Refuse(_logs, $"choose some of {NamesOver(mmu)}, or {All}");

        // Where no log is a simulated one, no page table is either, unless somebody says which.
        bool isReal = mmu == MmuChoice.Kvm || logs.Any(log => log.IsReal);
        if (isReal && !IsGiven(_mmu) && logs.All(log => log.NeedsOwnBytes))
            mmu = MmuChoice.Kvm;
        if (ReadList<ulong>(isReal && !IsGiven(_memory) ? DefaultRealMemory : Word(_memory), TryReadMemory) is not { } memory)
            return Refuse(_memory, "not multiples of 4K from 4K to 1T, with commas between them (bytes, or with K, M, G or T: 1G,64G)");
        if (ReadList<DirtyAmount>(Word(_dirty), DirtyAmount.TryParse) is not { } dirty)
            return Refuse(_dirty, "not parts from 0% to 100%, or numbers of pages, with commas between them (0,0.01%,1000)");
        if (ReadNames(Word(_pattern), [.. PagePatterns.All.Select(pattern => (PagePatterns.NameOf(pattern), pattern))]) is not { } patterns)
            return Refuse(_pattern, $"choose some of {string.Join(", ", PagePatterns.Names)}, or {All}");
        if (!TryReadNumber(Word(_vcpus), HarvestSettings.MaximumVcpus, out int vcpus))
            return Refuse(_vcpus, $"not a number from 1 to {HarvestSettings.MaximumVcpus}");
        if (!TryReadNumber(Word(_ringEntries), (int)DirtyRingSize.MaximumEntries, out int entries) || !mmu.AllowsRing((ulong)entries))
            return Refuse(_ringEntries, $"not {mmu.RingSizes}");
        if (isReal && vcpus > GuestProgram.MaximumVcpus)
            return Refuse(_vcpus, $"with {Real()} not a number from 1 to {GuestProgram.MaximumVcpus}");
        if (!TryReadNumber(isReal && !IsGiven(_mostStores) ? DefaultRealStores : Word(_mostStores), int.MaxValue, out int stores))
            return Refuse(_mostStores, $"not a number from 1 to {int.MaxValue}");
        if (ReadList<DirtyAmount>(Word(_interval), TryReadInterval) is not { } intervals)
            return Refuse(_interval, $"not numbers of stores from 1 to {int.MaxValue}, with commas between them");
        if (!Duration.TryParse(Word(_cellTime), out TimeSpan cellTime) || cellTime > TimeSpan.FromMinutes(1))
            return Refuse(_cellTime, "not a time from 0ms to 1m (500us, 300ms, 2s, 1m)");
        bool isTraced = command.GetValue(_trace) is not null;
        if (isTraced && ((Option[])[_dirty, _pattern, _mostStores]).FirstOrDefault(IsGiven) is { } refused)
            return Fail($"{refused.Name}: not with --trace, which says what is stored to");
        if (isTraced && isReal)
            return Fail($"{_trace.Name}: not with {Real()}, whose guest has a program of its own");
        if (!isTraced && IsGiven(_interval))
            return Fail($"{_interval.Name}: only with --trace");

        settings = new HarvestSettings
        {
            Mmu = mmu,
            Memory = memory,
            Dirty = isTraced ? intervals : dirty,
            Patterns = isTraced ? [PagePattern.Trace] : patterns,
            Logs = logs,
            Vcpus = vcpus,
            RingEntries = entries,
            MostStores = stores,
            CellTime = cellTime,
        };
        return true;

        string Real() => IsGiven(_mmu) && mmu == MmuChoice.Kvm ? $"{_mmu.Name} {mmu.Name}" : logs.First(log => log.IsReal).Name;

        bool IsGiven(Option option) => command.GetResult(option) is { Implicit: false };

        bool Refuse(Option<string> option, string range) => Fail($"{option.Name} {Word(option)}: {range}");

        bool Fail(string error)
        {
            command.AddError(error);
            return false;
        }
    }

    private delegate bool Reader<T>(ReadOnlySpan<char> text, out T value);

    // Whoever gives an option twice means both: as one list, which some options then refuse.
    private static Option<string> ListOption(string name, string otherwise, string description, string helpName) => new(name)
    {
        Description = description,
        HelpName = helpName,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = argument => string.Join(',', argument.Tokens.Select(token => token.Value)),
        DefaultValueFactory = _ => otherwise,
    };

    private static string NamesOver(MmuChoice mmu) => string.Join(", ", HarvestLogs.NamedOver(mmu).Select(log => log.Name));

    // What is named twice is measured once.
    private static T[]? ReadList<T>(string text, Reader<T> read)
    {
        List<T> values = [];
        foreach (string word in text.Split(','))
        {
            if (!read(word, out T value))
                return null;
            values.Add(value);
        }

        return [.. values.Distinct()];
    }

    private static T[]? ReadNames<T>(string text, (string Name, T Value)[] choices)
    {
        if (text == All)
            return [.. choices.Select(choice => choice.Value)];
        string[] names = text.Split(',');
        return names.All(name => choices.Any(choice => choice.Name == name))
            ? [.. choices.Where(choice => names.Contains(choice.Name)).Select(choice => choice.Value)]
            : null;
    }

    private static IReadOnlyList<LogChoice>? ReadLogs(string text, MmuChoice mmu) =>
        text == Usual ? HarvestLogs.UsualOver(mmu) : ReadNames(text, [.. (text == All ? HarvestLogs.Over(mmu) : HarvestLogs.NamedOver(mmu)).Select(log => (log.Name, log))]);

    private static bool TryReadInterval(ReadOnlySpan<char> text, out DirtyAmount interval)
    {
        bool isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int stores) && stores >= 1;
        interval = DirtyAmount.OfStores(stores);
        return isNumber;
    }

    private static bool TryReadMemory(ReadOnlySpan<char> text, out ulong bytes) =>
        MemorySize.TryParse(text, out bytes) && bytes is not 0 and <= MachineSettings.MaximumMemory && bytes % 4096 == 0;

    private static bool TryReadNumber(string text, int most, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= most;
}
