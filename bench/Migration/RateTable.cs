using RingKit.Cli.Commands.Options;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Migrate;
using RingKit.Cli.Migrate.Running;
using static System.FormattableString;

namespace RingKit.Bench.Migration;

/// <summary>Migrations at write rates from idle to above the bandwidth: do they converge, and at what price?</summary>
internal sealed class RateTable(MigrationBenchOptions options)
{
    private const int Rounds = 6;

    /// <summary>Measures, and prints a row at a time.</summary>
    /// <returns>Whether all memories were equal.</returns>
    public bool Write(TextWriter output)
    {
        MigrateSettings guest = options.Guest with { Rounds = Rounds, WarmUp = TimeSpan.FromMilliseconds(options.IsQuick ? 20 : 500) };
        GuestMigration.Rehearse(options.Log, guest, CancellationToken.None);
        output.WriteLine(Invariant(
            $"{MemorySize.Format(guest.Memory)}, {guest.Vcpus} vCPUs, random stores, {options.Log.Name} log, {MemorySize.Format(guest.Bandwidth)}/s over TCP, downtime limit {Duration.Format(guest.Downtime)}, at most {Rounds} rounds; MiB/s; stall of all vCPUs' time"));
        output.WriteLine();
        output.WriteLine("| write rate | throttle | rounds | sent, of the memory | time | downtime | converged | stall | stores after round 1 | memory equal |");
        output.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        using var memories = new GuestMemories(guest.MemoryPages);
        bool areEqual = true;
        foreach (double ofBandwidth in options.Rates)
        {
            // Above the bandwidth with a throttle too: without one it cannot converge.
            ThrottleKind[] throttles = ofBandwidth > 1 ? [ThrottleKind.None, ThrottleKind.Quota] : [ThrottleKind.None];
            foreach (ThrottleKind throttle in throttles)
            {
                MigrateSettings settings = guest with { WriteRate = (ulong)(guest.Bandwidth * ofBandwidth), Throttle = throttle };
                LogMigration row = new GuestMigration(memories, options.Log, settings).Run(progress: null, CancellationToken.None);
                areEqual &= row.Memory.IsEqual;
                output.WriteLine(Line(settings, row));
                output.Flush();
            }
        }

        return areEqual;
    }

    private static string Line(MigrateSettings settings, LogMigration row)
    {
        double stall = row.Stalls.Total / (row.Result.Duration * settings.Vcpus), sent = (double)row.Result.PagesSent / settings.MemoryPages;
        string kept = row.StoresKept is { } part ? Invariant($"{part * 100:0.0} %") : "-";
        return Invariant(
            $"| {settings.WriteRate >> 20} | {MigrateOptions.NameOf(settings.Throttle)} | {row.Rounds.Count} | {sent:0.00} | {row.Result.Duration.TotalSeconds:0.00} s | {row.Result.Downtime.TotalMilliseconds:0} ms | {(row.HasConverged ? "yes" : "no")} | {stall * 100:0.0} % | {kept} | {(row.Memory.IsEqual ? "yes" : "NO")} |");
    }
}
