using System.Diagnostics;
using System.Numerics;
using RingKit.Bench.Memslots;
using RingKit.Cli.Commands.Options;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Migrate;
using RingKit.Cli.Migrate.Running;
using RingKit.Cli.Migrate.Workloads;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;
using static System.FormattableString;

namespace RingKit.Bench.Migration;

/// <summary>How many stores vCPUs manage that do nothing else: without a log, and with one that is harvested as often as rounds might come, and nothing sent.</summary>
/// <remarks>
/// The log's windows begin behind its first harvest, as a migration's behind its first round; with and without it in turn on the same guest. In a migration the
/// source's and the destination's threads take time from the vCPUs too where there are no cores for them: that is not what logging costs.
/// </remarks>
internal sealed class StoreTable(MigrationBenchOptions options)
{
    private readonly int _turns = options.IsQuick ? 1 : 3;
    private readonly TimeSpan _window = TimeSpan.FromMilliseconds(options.IsQuick ? 20 : 500);

    /// <summary>Measures, and prints a row a pattern.</summary>
    public void Write(TextWriter output)
    {
        output.WriteLine(Invariant(
            $"{MemorySize.Format(options.Memory)}, {options.Guest.Vcpus} vCPUs that store as fast as they can, {options.Log.Name} log; million stores a second, medians of {_turns} turns; harvests {_window.TotalMilliseconds} ms apart"));
        output.WriteLine();
        output.WriteLine("| pattern | without a log | with it | loses | pages a harvest |");
        output.WriteLine("|---|---|---|---|---|");
        using var memories = new GuestMemories(options.Guest.MemoryPages);
        using var guest = new SourceGuest(memories.Source, options.Log, options.Guest);
        foreach (StorePattern pattern in Enum.GetValues<StorePattern>())
        {
            MigrateSettings settings = options.Guest with { Pattern = pattern, WriteRate = MigrateSettings.Unlimited };
            (double free, double logged, long pages) = Measure(guest, settings);
            output.WriteLine(Invariant(
                $"| {MigrateOptions.NameOf(pattern)} | {free / 1e6:0.00} | {logged / 1e6:0.00} | {(1 - logged / free) * 100:0.0} % | {pages:N0} |"));
            output.Flush();
        }
    }

    private (double Free, double Logged, long Pages) Measure(SourceGuest guest, MigrateSettings settings)
    {
        using IRunningGuest running = guest.Start(settings);
        var server = new RingServer(guest.Log);
        List<double> free = [], logged = [];
        long pages = 0;

        // One turn to warm up.
        for (int turn = -1; turn < _turns; turn++)
        {
            // After a log all pages have to be made writable again.
            Thread.Sleep(_window);
            double without = Stores(running);
            running.FullRings = server;
            guest.Log.Start();
            Thread.Sleep(_window);
            server.Harvest();
            double with = (Stores(running, server) + Stores(running, server)) / 2;
            guest.Log.Stop();
            running.FullRings = null;
            if (turn < 0)
                continue;
            free.Add(without);
            logged.Add(with);
            pages = server.LastPages;
        }

        if (running.Failure is { } failure)
            throw new InvalidOperationException(failure.Message, failure);
        return (Timing.Median(free), Timing.Median(logged), pages);
    }

    private double Stores(IRunningGuest running, RingServer? server = null)
    {
        (long start, ulong stores) = (Stopwatch.GetTimestamp(), running.Stores);
        Thread.Sleep(_window);
        server?.Harvest();
        return (running.Stores - stores) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Harvests, for its owner and for vCPUs whose rings are full.</summary>
    private sealed class RingServer(IDirtyLog log) : IFullRingServer
    {
        private readonly Lock _lock = new();
        private PageCounter _sink;

        /// <summary>Pages up to the last harvest, since the one before it.</summary>
        public long LastPages { get; private set; }

        public void Harvest()
        {
            lock (_lock)
            {
                log.Harvest(ref _sink);
                LastPages = _sink.Pages;
                _sink = default;
            }
        }

        public void ServeFullRing(Vcpu vcpu)
        {
            lock (_lock)
            {
                if (log.NeedsHarvest(vcpu))
                    log.Harvest(ref _sink);
            }
        }
    }

    private struct PageCounter : IDirtyPageSink
    {
        public long Pages { get; private set; }

        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => Pages += BitOperations.PopCount(mask);
    }
}
