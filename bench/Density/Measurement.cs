using System.Diagnostics;
using System.Runtime;
using RingKit.Bench.Density.Contenders;
using RingKit.Bench.Inputs;
using RingKit.Bench.Rivals;

namespace RingKit.Bench.Density;

/// <summary>
/// Measures the grid. In each round every contender makes one pass, so that neighbours on the machine meet all of them alike; the median counts.
/// </summary>
internal sealed class Measurement(IReadOnlyList<ResidentSize> sizes, Roaring? roaring, bool isQuick)
{
    private const int LeastRounds = 3;
    private const int MostRounds = 15;
    private const int WarmUpRounds = 8;

    // Less for a bitmap cannot be told from nothing.
    private const double LeastNanoseconds = 1;

    private static readonly double[] Percents = [0, 0.0001, 0.01, 0.1, 1, 5, 10, 50, 100];
    private static readonly double[] QuickPercents = [0, 0.0001, 0.1, 5, 50, 100];

    private static readonly TimeSpan TimeForCell = TimeSpan.FromMilliseconds(250);

    // The compiler works in the background, 100 ms after the last method that it was asked for.
    private static readonly TimeSpan CompilerPause = TimeSpan.FromMilliseconds(300);

    /// <summary>All cells, by size, density and shape.</summary>
    /// <exception cref="WrongCountException">A contender's sum was wrong.</exception>
    public IEnumerable<Cell> Run()
    {
        if (!isQuick)
            WarmUp();
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        foreach (ResidentSize size in sizes)
        {
            using var field = new Field(size.Words, roaring);
            foreach (double percent in isQuick ? QuickPercents : Percents)
            {
                foreach (DirtyShape? shape in percent is 0 or 100 ? (DirtyShape?[])[null] : [.. Enum.GetValues<DirtyShape>()])
                    yield return MeasureCell(size, field, percent, shape);
            }
        }
    }

    private Cell MeasureCell(ResidentSize size, Field field, double percent, DirtyShape? shape)
    {
        var dirty = new DirtyWords(percent, shape ?? DirtyShape.Random);
        foreach (Contender contender in field.Contenders)
            contender.Prepare(dirty);
        if (!isQuick && (size.IsCached || percent == 0))
            PassOfEach(size, field, dirty);

        var rounds = new List<double[]>();
        long start = Stopwatch.GetTimestamp();
        do
        {
            rounds.Add(PassOfEach(size, field, dirty));
        }
        while (!isQuick && rounds.Count < MostRounds && (rounds.Count < LeastRounds || Stopwatch.GetElapsedTime(start) < TimeForCell));
        return new Cell(size, percent, shape, dirty.Share, field.Contenders
            .Select((contender, i) => (contender.Name, Median: Median(rounds.Select(round => round[i]))))
            .ToDictionary(pair => pair.Name, pair => pair.Median, StringComparer.Ordinal));
    }

    private void WarmUp()
    {
        using var field = new Field(sizes[0].Words, roaring);
        DirtyWords[] inputs = [new(1, DirtyShape.Runs), new(50, DirtyShape.Random), new(0.01, DirtyShape.Random), new(5, DirtyShape.Clustered)];
        for (int round = 0; round < WarmUpRounds; round++)
        {
            long compiled = JitInfo.GetCompiledMethodCount();
            foreach (DirtyWords dirty in inputs)
            {
                foreach (Contender contender in field.Contenders)
                    contender.Prepare(dirty);
                PassOfEach(sizes[0], field, dirty);
            }

            Thread.Sleep(CompilerPause);
            if (round > 1 && JitInfo.GetCompiledMethodCount() == compiled)
                break;
        }
    }

    private static double[] PassOfEach(ResidentSize size, Field field, DirtyWords dirty) =>
        [.. field.Contenders.Select(contender => Pass(contender, dirty, size.IsCached))];

    // The time for a page. Each window is timed by itself, so that what is restored in between is not.
    private static double Pass(Contender contender, DirtyWords dirty, bool isCached)
    {
        // The contender before has left its own memory in the caches.
        if (isCached)
        {
            contender.Restore(0);
            contender.Find(0);
        }

        double time = 0;
        long found = 0;
        for (int window = 0; window < contender.Windows; window++)
        {
            contender.Restore(window);
            long start = Stopwatch.GetTimestamp();
            found += contender.Find(window);
            time += Clock.Since(start);
        }

        long expected = (long)Math.Round(dirty.Share * contender.PagesOfPass);
        return found == expected
            ? Math.Max(time, contender.Windows * LeastNanoseconds) / contender.PagesOfPass
            : throw new WrongCountException($"{contender.Name} found {found} dirty pages of {contender.PagesOfPass}; there are {expected}");
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
