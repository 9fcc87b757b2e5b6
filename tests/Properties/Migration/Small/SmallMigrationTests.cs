using System.Diagnostics;
using System.Globalization;
using RingKit.Mmu.Migration;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Migration.Small;

/// <summary>Random migrations in small. <c>RINGKIT_MIGRATION_SEED=n</c> runs one of them alone; <c>RINGKIT_LONG=1</c> many more.</summary>
public sealed class SmallMigrationTests
{
    public const string SeedVariable = "RINGKIT_MIGRATION_SEED";

    private const int Few = 400;

    private static readonly TimeSpan LongDuration = TimeSpan.FromMinutes(8);

    [Fact]
    public void No_page_is_lost_whatever_happens()
    {
        if (Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } given)
        {
            Report.Line($"{given}: {SmallMigration.Run(ulong.Parse(given, CultureInfo.InvariantCulture))}");
            return;
        }

        ulong start = Props.ChooseSeed(given: null, Environment.GetEnvironmentVariable("CI")).Seed;
        Span<int> outcomes = stackalloc int[Enum.GetValues<MigrationOutcome>().Length];
        var clock = Stopwatch.StartNew();
        ulong count = 0;
        for (; count < Few || (LongRun.IsOn && clock.Elapsed < LongDuration); count++)
            outcomes[(int)SmallMigration.Run(start + count)]++;

        Report.Line($"{count} migrations in small from seed {start} on, no page lost: {outcomes[0]} completed, {outcomes[1]} cancelled, {outcomes[2]} without convergence, {outcomes[3]} failed");
        foreach (int outcome in outcomes)
            Assert.NotEqual(0, outcome);
    }

    [Fact]
    public void No_page_is_lost_while_vcpus_run_on_threads()
    {
        ulong start = Props.ChooseSeed(given: null, Environment.GetEnvironmentVariable("CI")).Seed;
        Span<int> outcomes = stackalloc int[Enum.GetValues<MigrationOutcome>().Length];
        var clock = Stopwatch.StartNew();
        ulong count = 0;
        for (; count < Few || (LongRun.IsOn && clock.Elapsed < LongDuration); count++)
            outcomes[(int)SmallConcurrentMigration.Run(start + count)]++;

        Report.Line($"{count} concurrent migrations in small from seed {start} on, no page lost: {outcomes[0]} completed, {outcomes[1]} cancelled, {outcomes[2]} without convergence, {outcomes[3]} failed");
        Assert.NotEqual(0, outcomes[0]);
    }

    [Fact]
    public void No_page_is_lost_over_any_log()
    {
        foreach (SmallMachine kind in SmallMachine.All)
        {
            for (ulong seed = 0; seed < 20; seed++)
                SmallMigration.Run(seed, kind);
        }
    }
}
