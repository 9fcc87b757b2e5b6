using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>
/// The kernel's dirty_log_test as this project's own: guests write the iteration's number to random pages while the host harvests; after each iteration
/// every page that was reported holds that number (I1), no other does (I2), nothing outside the slots was reported (I3), all that was harvested was reset
/// (I4), and the guests get on (I5). Over every log and every page table.
/// </summary>
[Collection(RunAlone.Name)]
public sealed class DirtyLogSelfTest
{
    private static readonly int Iterations = LongRun.IsOn ? 300 : 6;
    private static readonly TimeSpan Interval = TimeSpan.FromMicroseconds(LongRun.IsOn ? 2000 : 100);

    public static TheoryData<string> Names => [.. SelfTestCases.Chosen.Select(test => test.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Reported_pages_were_written_and_written_pages_are_reported(string name)
    {
        // In the short run by turns.
        int seed = Environment.TickCount;
        foreach (int vcpus in LongRun.IsOn ? (int[])[1, 2, 3] : [1 + ((seed & 0xfff) % 3)])
        {
            using var run = new SelfTestRun(SelfTestCases.All[name], vcpus, seed);
            run.Run(Iterations, Interval);
            string what = $"{name}, {vcpus} vCPUs, seed {seed}: {Iterations} iterations,"
                + $" {run.World.Harvests} harvests, {run.Writes} stores, {run.World.UnretiredStores} not retired";
            if (LongRun.IsOn)
                Report.Line(what);
            Assert.True(run.World.Violations.Count == 0, $"{what}\n{string.Join('\n', run.World.Violations)}");
        }
    }
}
