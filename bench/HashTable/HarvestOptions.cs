using RingKit.Cli.Commands;

namespace RingKit.Bench.HashTable;

/// <summary>What the command line asks for.</summary>
internal sealed record HarvestOptions
{
    public const string Usage = "hashtable [--guest 1|4|32] [--sweeps] [--csv FILE] [--chart FILE.svg], or hashtable --quick [--csv FILE] [--chart FILE.svg]";

    /// <summary>Small guests, one round: it proves that all logs report the same pages, and measures nothing.</summary>
    public bool IsQuick { get; private init; }

    /// <summary>No guests: the speed of sweeps alone.</summary>
    public bool IsSweepsOnly { get; private init; }

    /// <summary>The guests' sizes in MiB.</summary>
    public IReadOnlyList<int> Mebibytes { get; private init; } = [1 << 10, 4 << 10, 32 << 10];

    public string? Csv { get; private init; }

    public string? Chart { get; private init; }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="CommandException">They are not what <see cref="Usage"/> says.</exception>
    public static HarvestOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new HarvestOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            options = arguments[i] switch
            {
                "--quick" => options with { IsQuick = true, Mebibytes = [256] },
                "--guest" => options with { Mebibytes = [GuestAfter(arguments, ref i)] },
                "--sweeps" => options with { IsSweepsOnly = true },
                "--csv" => options with { Csv = FileAfter(arguments, ref i) },
                "--chart" => options with { Chart = FileAfter(arguments, ref i) },
                var other => throw new CommandException($"'{other}' is no argument of hashtable"),
            };
        }

        if (options.IsSweepsOnly && (options.Csv ?? options.Chart) is not null)
            throw new CommandException("--sweeps measures nothing for a file");
        return options is { Csv: { } csv, Chart: { } chart } && Path.GetFullPath(csv) == Path.GetFullPath(chart)
            ? throw new CommandException($"--csv and --chart name the same file, {csv}")
            : options;
    }

    private static int GuestAfter(ReadOnlySpan<string> arguments, ref int i) => ++i < arguments.Length && arguments[i] is "1" or "4" or "32"
        ? arguments[i] switch { "1" => 1 << 10, "4" => 4 << 10, _ => 32 << 10 }
        : throw new CommandException("--guest needs one of the sizes 1, 4 and 32, in GiB");

    private static string FileAfter(ReadOnlySpan<string> arguments, ref int i)
    {
        string option = arguments[i];
        return ++i < arguments.Length && arguments[i].Length != 0 && !arguments[i].StartsWith("--", StringComparison.Ordinal)
            ? arguments[i]
            : throw new CommandException($"{option} needs the name of a file");
    }
}
