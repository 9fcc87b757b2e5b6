using System.Diagnostics;
using RingKit.Properties.DirtyLogging.SelfTest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.MigrationEquality;

/// <summary>
/// Guests whose vCPUs, device and host go on are migrated over every log of every page table: the destination's memory becomes the guest's, byte for
/// byte. Patterns of stores, numbers of vCPUs and troubles are taken in turn, over a quarter of the logs a run; <c>RINGKIT_LONG=1</c> takes all of them
/// together, in a random order and for some minutes.
/// </summary>
[Collection(RunAlone.Name)]
public sealed class MigrationEqualityTests
{
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(LongRun.IsOn ? 8 : 2);

    [Fact]
    public void The_destination_has_the_guests_memory_over_every_log()
    {
        int seed = Environment.TickCount, runs = 0, connections = 0;
        ulong stores = 0;
        long fullRings = 0;
        var clock = Stopwatch.StartNew();
        foreach ((SelfTestCase test, StorePattern pattern, int vcpus, MigrationTrouble trouble) in Combinations())
        {
            if (clock.Elapsed > Most)
                break;
            using var run = new EqualityRun(test, pattern, vcpus, trouble, seed + runs);
            string? wrong = run.Run();
            Assert.True(wrong is null, $"{run.Description}: {wrong}");
            runs++;
            connections += run.Connections;
            stores += run.Stores;
            fullRings += run.FullRings;
        }

        Assert.True(runs > 0, "no such log");
        Report.Line($"{runs} migrations of running guests in {clock.Elapsed.TotalSeconds:F1} s, seeds from {seed} on: {connections} connections,"
            + $" {stores} stores, {fullRings} full rings, memory equal");
    }

    private static IEnumerable<(SelfTestCase Test, StorePattern Pattern, int Vcpus, MigrationTrouble Trouble)> Combinations()
    {
        StorePattern[] patterns = Enum.GetValues<StorePattern>();
        MigrationTrouble[] troubles = Enum.GetValues<MigrationTrouble>();
        if (LongRun.IsOn)
        {
            (SelfTestCase, StorePattern, int, MigrationTrouble)[] all = (
                from test in SelfTestCases.Chosen
                from pattern in patterns
                from vcpus in Enumerable.Range(1, 3)
                from trouble in troubles
                select (test, pattern, vcpus, trouble)).ToArray();
            Random.Shared.Shuffle(all);
            return all;
        }

        // A quarter that has each page table and each log, by turns with each pattern, number of vCPUs and trouble.
        int shift = Environment.TickCount & 0xfff;
        return SelfTestCases.Quarter(shift).Select((test, i) =>
            (test, patterns[(i + (shift / 4)) % patterns.Length], 1 + ((i + (shift / 12)) / patterns.Length % 3),
            troubles[(i + (shift / 36)) % troubles.Length]));
    }
}
