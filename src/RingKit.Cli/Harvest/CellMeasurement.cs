using System.Diagnostics;
using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Machines;

namespace RingKit.Cli.Harvest;

/// <summary>The rounds of a cell, and what the logs cost by them.</summary>
internal sealed class CellMeasurement
{
    private const int LeastRounds = 2;
    private const double LeastNoise = 1;
    private const double NoNoise = 0.06;

    private readonly LogSamples[][] _groups;
    private int _passes;

    /// <param name="logs">The logs. Those of the same choice are measured as if they were different ones.</param>
    /// <param name="takeTurns">
    /// Whether they take turns, as they may over a flat table: one that was harvested leaves it as the next one may find it. Over other tables each comes when the one before is over.
    /// </param>
    public CellMeasurement(LogSamples[] logs, bool takeTurns) => _groups = takeTurns ? [logs] : [.. logs.Select(log => new[] { log })];

    /// <summary>Whether two logs of the same choice differ by more than a part of their costs, and more than a microsecond.</summary>
    public bool IsNoisy =>
        _groups.SelectMany(group => group).GroupBy(log => log.Choice).Any(same =>
        {
            double[] costs = [.. same.Select(log => CostsOf(log).Total)];
            double difference = costs.Max() - costs.Min();
            return difference > LeastNoise && difference > costs.Min() * NoNoise;
        });

    /// <summary>What a log's round costs.</summary>
    public CellCosts CostsOf(LogSamples log)
    {
        LogSamples[] group = GroupOf(log);
        return TypicalCosts.Of([.. group.Select(other => other.Rounds)])[Array.IndexOf(group, log)];
    }

    /// <summary>Microseconds of guest and harvest in its first one.</summary>
    public double FirstOf(LogSamples log)
    {
        LogSamples[] group = GroupOf(log);
        return TypicalCosts.Of([.. group.Select(other => other.Firsts.ToArray())])[Array.IndexOf(group, log)];
    }

    /// <summary>Measures rounds of new guests.</summary>
    /// <param name="make">Makes one.</param>
    /// <param name="roundsBefore">Rounds of each that do not count, at least 1.</param>
    /// <param name="time">For how long, at least, unless making them took longer: then for that long. Some rounds there are always.</param>
    /// <param name="withoutProtection">Whether a last round without protection follows.</param>
    public void Measure(Func<LogChoice, ILoggedGuest> make, int roundsBefore, TimeSpan time, bool withoutProtection)
    {
        bool isBackwards = _passes++ % 2 != 0;
        foreach (LogSamples[] group in isBackwards ? _groups.AsEnumerable().Reverse() : _groups)
        {
            long begin = Stopwatch.GetTimestamp();
            using var turns = new LogTurns(isBackwards ? group.AsEnumerable().Reverse() : group, make, roundsBefore);
            TimeSpan made = Stopwatch.GetElapsedTime(begin);
            long first = Stopwatch.GetTimestamp();
            for (int round = 0; round < LeastRounds || Goes(Stopwatch.GetElapsedTime(first)); round++)
                turns.Round();
            if (withoutProtection)
                turns.RoundWithoutProtection();

            bool Goes(TimeSpan spent) => time > TimeSpan.Zero && (spent < made || spent + made < time / _groups.Length);
        }
    }

    private LogSamples[] GroupOf(LogSamples log) => _groups.Single(group => group.Contains(log));
}
