using RingKit.Cli.Commands;

namespace RingKit.Bench.Density;

/// <summary>What the command line asks for.</summary>
internal sealed record DensityOptions
{
    public const string Usage = "density [--quick] [--csv FILE] [--chart FILE.svg], or density --scale [--quick]";

    /// <summary>One pass of each, without the largest bitmap: it proves that all of it works, and measures nothing.</summary>
    public bool IsQuick { get; private init; }

    /// <summary>The table of guests from 1 GiB to 8 TiB in place of the grid.</summary>
    public bool IsScale { get; private init; }

    public string? Csv { get; private init; }

    public string? Chart { get; private init; }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="CommandException">They are not what <see cref="Usage"/> says.</exception>
    public static DensityOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new DensityOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            options = arguments[i] switch
            {
                "--quick" => options with { IsQuick = true },
                "--scale" => options with { IsScale = true },
                "--csv" => options with { Csv = FileAfter(arguments, ref i) },
                "--chart" => options with { Chart = FileAfter(arguments, ref i) },
                var other => throw new CommandException($"'{other}' is no argument of density"),
            };
        }

        return options switch
        {
            { IsScale: true, Csv: not null } or { IsScale: true, Chart: not null } => throw new CommandException("--scale writes no file"),
            { Csv: { } csv, Chart: { } chart } when Path.GetFullPath(csv) == Path.GetFullPath(chart) =>
                throw new CommandException($"--csv and --chart name the same file, {csv}"),
            _ => options,
        };
    }

    private static string FileAfter(ReadOnlySpan<string> arguments, ref int i)
    {
        string option = arguments[i];
        return ++i < arguments.Length && arguments[i].Length != 0 && !arguments[i].StartsWith("--", StringComparison.Ordinal)
            ? arguments[i]
            : throw new CommandException($"{option} needs the name of a file");
    }
}
