using RingKit.Cli.Commands;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Cli.Machines;

namespace RingKit.Bench.Harvest;

/// <summary>What the command line asks for.</summary>
internal sealed record HarvestGridOptions
{
    public const string Usage = "harvest [--quick] [--memory SIZE,...] [--dirty AMOUNT,...] [--forms NAME,...] [--csv FILE] [--chart FILE.svg]";

    private static readonly ulong[] Memory = [1UL << 36, 1UL << 40];
    private static readonly ulong[] Pages = [0, 100, 1000, 4000, 16_000, 64_000];

    /// <summary>The grid.</summary>
    public HarvestSettings Settings { get; private init; } = Grid(Memory, [.. Pages.Select(DirtyAmount.OfPages)]);

    public string? Csv { get; private init; }

    public string? Chart { get; private init; }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="CommandException">They are not what <see cref="Usage"/> says.</exception>
    public static HarvestGridOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new HarvestGridOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            options = arguments[i] switch
            {
                "--quick" => options with { Settings = Grid([1UL << 30], [DirtyAmount.OfPages(0), DirtyAmount.OfPages(100)]) },
                "--memory" => options with { Settings = options.Settings with { Memory = List(arguments, ref i, ReadMemory) } },
                "--dirty" => options with { Settings = options.Settings with { Dirty = List(arguments, ref i, ReadAmount) } },
                "--forms" => options with { Settings = options.Settings with { Logs = List(arguments, ref i, ReadLog) } },
                "--csv" => options with { Csv = After(arguments, ref i) },
                "--chart" => options with { Chart = After(arguments, ref i) },
                var other => throw new CommandException($"'{other}' is no argument of harvest"),
            };
        }

        return options.Csv is { } csv && options.Chart is { } chart && Path.GetFullPath(csv) == Path.GetFullPath(chart)
            ? throw new CommandException($"--csv and --chart name the same file, {csv}")
            : options;
    }

    private static HarvestSettings Grid(IReadOnlyList<ulong> memory, IReadOnlyList<DirtyAmount> dirty) =>
        new() { Logs = FormLogs.All, Memory = memory, Dirty = dirty, Patterns = PagePatterns.All };

    private static T[] List<T>(ReadOnlySpan<string> arguments, ref int i, Func<string, T> read) => [.. After(arguments, ref i).Split(',').Select(read)];

    private static ulong ReadMemory(string word) =>
        MemorySize.TryParse(word, out ulong bytes) && bytes is not 0 and <= HarvestSettings.MaximumMemory && bytes % 4096 == 0
            ? bytes
            : throw new CommandException($"--memory {word}: not a multiple of 4K from 4K to 1T");

    private static DirtyAmount ReadAmount(string word) =>
        DirtyAmount.TryParse(word, out DirtyAmount amount) ? amount : throw new CommandException($"--dirty {word}: not a part from 0% to 100%, or a number of pages");

    private static LogChoice ReadLog(string word) => FormLogs.All.FirstOrDefault(log => log.Name == word)
        ?? throw new CommandException($"--forms {word}: choose some of {string.Join(", ", FormLogs.All.Select(log => log.Name))}");

    private static string After(ReadOnlySpan<string> arguments, ref int i)
    {
        string option = arguments[i];
        return ++i < arguments.Length && arguments[i].Length != 0 && !arguments[i].StartsWith("--", StringComparison.Ordinal)
            ? arguments[i]
            : throw new CommandException($"{option} needs something behind it");
    }
}
