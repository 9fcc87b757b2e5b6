using System.Diagnostics;
using System.Globalization;
using RingKit.Mmu.Migration;
using RingKit.Properties.Migration.Small;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.MigrationEquality;

/// <summary>
/// A million random migrations in small, for the long run. <c>RINGKIT_MIGRATIONS=first,count</c> runs a part of them: seeds from the first on, in so
/// many. It ends after some minutes and says where to go on.
/// </summary>
[Collection(RunAlone.Name)]
public sealed class MillionMigrations
{
    public const string PartVariable = "RINGKIT_MIGRATIONS";

    private static readonly TimeSpan Most = TimeSpan.FromMinutes(8);

    [Fact]
    public void No_page_is_lost_in_a_million_migrations()
    {
        Assert.SkipUnless(LongRun.IsOn, "RINGKIT_LONG is not set: SmallMigrationTests runs some hundreds.");
        (ulong first, ulong count) = Part(Environment.GetEnvironmentVariable(PartVariable));
        long[] outcomes = new long[Enum.GetValues<MigrationOutcome>().Length];
        ulong next = first;
        var clock = Stopwatch.StartNew();
        var crew = new Crew(Most + Most);
        crew.Run([.. Enumerable.Range(0, Environment.ProcessorCount).Select(thread => ($"migrations {thread}", (Action)Migrate))]);

        // Each seed below was run, and ended well: a failure has thrown.
        ulong end = Math.Min(next, first + count);
        Report.Line(
            $"{end - first} migrations in small, seeds {first} to {end - 1}, in {clock.Elapsed.TotalSeconds:F0} s, no page lost: "
            + string.Join(", ", Enum.GetValues<MigrationOutcome>().Select(outcome => $"{outcomes[(int)outcome]} {outcome}")));
        if (end != first + count)
            Report.Line($"go on with {PartVariable}={end},{first + count - end}");

        void Migrate()
        {
            while (clock.Elapsed < Most)
            {
                ulong seed = Interlocked.Increment(ref next) - 1;
                if (seed >= first + count)
                    return;
                Interlocked.Increment(ref outcomes[(int)SmallMigration.Run(seed)]);
            }
        }
    }

    private static (ulong First, ulong Count) Part(string? given)
    {
        if (string.IsNullOrEmpty(given))
            return (1, 1_000_000);
        string[] parts = given.Split(',');
        return parts.Length == 2
            ? (ulong.Parse(parts[0], CultureInfo.InvariantCulture), ulong.Parse(parts[1], CultureInfo.InvariantCulture))
            : throw new FormatException($"{PartVariable} must be first,count and is '{given}'.");
    }
}
