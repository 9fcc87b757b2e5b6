using System.Globalization;
using System.Text.RegularExpressions;
using FsCheck;

namespace RingKit.Properties.Support;

/// <summary>Runs FsCheck properties: quiet when they hold, and with a line that replays the run when they do not.</summary>
/// <remarks>
/// <c>RINGKIT_SEED=seed,gamma[,size]</c> replays a run, or with a size one failing step; combine it with a filter for one test.
/// <c>RINGKIT_MAXTEST</c> sets the number of cases. With <c>CI=true</c> the seed is fixed, otherwise each run draws a new one.
/// </remarks>
internal static partial class Props
{
    public const string SeedVariable = "RINGKIT_SEED";
    public const string MaxTestVariable = "RINGKIT_MAXTEST";

    private static readonly PropsSeed FixedSeed = new(0x52494e474b495421, 0x9e3779b97f4a7c15, Size: null);

    /// <summary>Checks a property and throws if it does not hold.</summary>
    /// <param name="property">The property.</param>
    /// <param name="name">Its name, for the line that is printed on failure.</param>
    /// <param name="maxTest">The number of cases, where the environment names none.</param>
    /// <param name="endSize">The size that the last case has.</param>
    public static void Check(Property property, string name, int maxTest = 200, int endSize = 100)
    {
        PropsSeed seed = ChooseSeed(
            Environment.GetEnvironmentVariable(SeedVariable), Environment.GetEnvironmentVariable("CI"));
        int cases = ChooseMaxTest(Environment.GetEnvironmentVariable(MaxTestVariable), maxTest);
        try
        {
            Check(property, name, seed, cases, endSize);
        }
        catch (PropertyFailedException failure)
        {
            Report.Line(failure.Message.Split('\n')[0]);
            throw;
        }
    }

    /// <summary>The same with everything given, and nothing printed.</summary>
    public static void Check(Property property, string name, PropsSeed seed, int maxTest, int endSize)
    {
        Config config = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(maxTest).WithEndSize(endSize);
        config = seed.Size is int size
            ? config.WithReplay(seed.Seed, seed.Gamma, size)
            : config.WithReplay(seed.Seed, seed.Gamma);
        try
        {
            property.Check(config);
        }
        catch (Exception failure)
        {
            // FsCheck's own message names the step that failed; the seed that we chose replays the run from its start.
            string replay = $"{name}: replay the run with {SeedVariable}={seed}";
            if (FailingStep().Match(failure.Message) is { Success: true } step)
                replay += $", or only the failing step with {SeedVariable}={step.Groups["step"].Value}";
            throw new PropertyFailedException($"{replay}\n{failure.Message}", failure);
        }
    }

    public static PropsSeed ChooseSeed(string? given, string? ci)
    {
        if (!string.IsNullOrEmpty(given))
            return PropsSeed.Parse(given);
        if (string.Equals(ci, "true", StringComparison.OrdinalIgnoreCase))
            return FixedSeed;

        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        return new PropsSeed(BitConverter.ToUInt64(bytes), BitConverter.ToUInt64(bytes[8..]) | 1, Size: null);
    }

    public static int ChooseMaxTest(string? given, int otherwise)
    {
        if (string.IsNullOrEmpty(given))
            return otherwise;

        return int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
            ? count
            : throw new FormatException($"{MaxTestVariable} must be a number of cases, at least 1, and is '{given}'.");
    }

    [GeneratedRegex(@"Replay directly at failing step with \((?<step>\d+,\d+,\d+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FailingStep();
}
