using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using Xunit;

namespace RingKit.Properties.Cli;

/// <summary>Replays a trace and compares everything that comes of it with the naive model.</summary>
internal static class ReplayCheck
{
    private const ulong PageSize = 4096;

    public static ReplayReport Run(Stream trace, NaiveReplay model, ReplaySettings settings)
    {
        var reported = settings.Logs.ToDictionary(log => log.Name, _ => new List<HashSet<ulong>>(), StringComparer.Ordinal);
        FrameMap? frames = null;
        using var replay = new TraceReplay(settings) { Harvested = Note };
        frames = replay.Frames;
        ReplayReport report = replay.Run(new LackeyReader(trace, "trace"));

        Assert.Equal(model.Counts.GetValueOrDefault("I"), report.Trace.Instructions);
        Assert.Equal(model.Counts.GetValueOrDefault("L"), report.Trace.Loads);
        Assert.Equal(model.Counts.GetValueOrDefault("S"), report.Trace.Stores);
        Assert.Equal(model.Counts.GetValueOrDefault("M"), report.Trace.Modifies);
        Assert.Equal(model.DistinctPages, report.Trace.DistinctPages);
        Assert.Equal(settings.Logs.Select(log => log.Name), report.Logs.Select(log => log.Log));
        foreach (LogReport log in report.Logs)
        {
            Assert.Equal(model.Intervals.Count, log.Intervals.Length);
            for (int i = 0; i < model.Intervals.Count; i++)
            {
                Assert.Equal(i, log.Intervals[i].Index);
                Assert.Equal(model.Intervals[i].Count, log.Intervals[i].DirtyPages);
                Assert.True(model.Intervals[i].SetEquals(reported[log.Log][i]), $"{log.Log}, interval {i}: other pages than the model's");
            }

            Assert.Equal(report.Trace.StoresAndModifies, log.Total.Stores);
        }

        foreach (ReplayMachine machine in replay.Machines)
            AssertMemory(machine, replay.Frames, model);
        return report;

        void Note(ReplayMachine machine)
        {
            var pages = new HashSet<ulong>();
            for (ulong gfn = 0; frames!.PageOf(gfn) is { } page; gfn++)
            {
                if (machine.DirtyPages.Contains(gfn))
                    pages.Add(page);
            }

            reported[machine.LogName].Add(pages);
        }
    }

    private static void AssertMemory(ReplayMachine machine, FrameMap frames, NaiveReplay model)
    {
        ulong gfn = 0;
        var seen = new HashSet<ulong>();
        for (; frames.PageOf(gfn) is { } page; gfn++)
        {
            Assert.True(seen.Add(page), $"page {page:x} has two frames");
            Span<byte> bytes = machine.Slot.Memory.Slice((nuint)(gfn * PageSize), (nuint)PageSize).AsSpan();
            for (ulong i = 0; i < PageSize; i++)
            {
                byte expected = model.Memory.GetValueOrDefault(page * PageSize + i);
                if (bytes[(int)i] != expected)
                    Assert.Fail($"{machine.LogName}: address {page * PageSize + i:x} holds {bytes[(int)i]:x2}, not {expected:x2}");
            }
        }

        Assert.True(model.Memory.Keys.All(address => seen.Contains(address / PageSize)), "a page of the model has no frame");
    }
}
