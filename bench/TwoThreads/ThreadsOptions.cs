using System.Globalization;

namespace RingKit.Bench.TwoThreads;

/// <summary>What the command line asks for.</summary>
internal sealed record ThreadsOptions
{
    public const string Usage = "threads [--quick] [--runs N] [--filter TEXT] [--json]";

    private const int DefaultRuns = 15;

    /// <summary>One run of few items, without warm-up: it proves that all of it works, and measures nothing.</summary>
    public bool IsQuick { get; private init; }

    public int Runs { get; private init; } = DefaultRuns;

    /// <summary>Part of the name of the cases to run; or null for all.</summary>
    public string? Filter { get; private init; }

    public bool IsJson { get; private init; }

    /// <summary>Reads the arguments.</summary>
    /// <returns>Null if they are not what <see cref="Usage"/> says.</returns>
    public static ThreadsOptions? Parse(ReadOnlySpan<string> arguments)
    {
        var options = new ThreadsOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            string? value = i + 1 < arguments.Length ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--quick":
                    options = options with { IsQuick = true, Runs = 1 };
                    break;
                case "--json":
                    options = options with { IsJson = true };
                    break;
                case "--filter" when value is not null:
                    options = options with { Filter = value };
                    i++;
                    break;
                case "--runs" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int runs) && runs > 0:
                    options = options with { Runs = runs };
                    i++;
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}
