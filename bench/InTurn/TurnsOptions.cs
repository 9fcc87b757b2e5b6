using System.Globalization;

namespace RingKit.Bench.InTurn;

/// <summary>What the command line asks for.</summary>
internal sealed record TurnsOptions
{
    public const string Usage = "turns SUITE [PARAMETER=VALUE,...]... [--only METHOD,...] [--rounds N] [--quick]";

    private const int DefaultRounds = 41;

    /// <summary>The name of a suite, with or without "Benchmarks".</summary>
    public required string Suite { get; init; }

    /// <summary>Which values of a parameter are wanted; of those that are not named, all.</summary>
    public IReadOnlyDictionary<string, string[]> Values { get; private init; } = new Dictionary<string, string[]>(StringComparer.Ordinal);

    /// <summary>The methods wanted beside the baseline and the preparations; empty for all.</summary>
    public string[] Only { get; private init; } = [];

    public int Rounds { get; private init; } = DefaultRounds;

    /// <summary>One round without warm-up on the small grid: it proves that all of it works, and measures nothing.</summary>
    public bool IsQuick { get; private init; }

    /// <summary>Reads the arguments.</summary>
    /// <returns>Null if they are not what <see cref="Usage"/> says.</returns>
    public static TurnsOptions? Parse(ReadOnlySpan<string> arguments)
    {
        if (arguments.IsEmpty || arguments[0].StartsWith('-'))
            return null;

        var values = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var options = new TurnsOptions { Suite = arguments[0], Values = values };
        for (int i = 1; i < arguments.Length; i++)
        {
            string? value = i + 1 < arguments.Length ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--quick":
                    options = options with { IsQuick = true, Rounds = 1 };
                    break;
                case "--only" when value is not null:
                    options = options with { Only = value.Split(',') };
                    i++;
                    break;
                case "--rounds" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) && rounds > 0:
                    options = options with { Rounds = rounds };
                    i++;
                    break;
                case { } pair when pair.Split('=') is [{ Length: > 0 } name, { Length: > 0 } wanted]:
                    values[name] = wanted.Split(',');
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}
