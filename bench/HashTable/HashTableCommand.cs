using RingKit.Bench.Density.Reporting;
using RingKit.Bench.HashTable.Reporting;
using RingKit.Bench.TwoThreads.Reporting;
using RingKit.Cli.Commands;

namespace RingKit.Bench.HashTable;

/// <summary>What the dirty logs of a hashed page table cost, over guests, tables and densities: a table, a chart, and the sweep's share of the bandwidth.</summary>
internal static class HashTableCommand
{
    public const string Name = "hashtable";

    private const int AllRight = 0;
    private const int SomethingFailed = 1;
    private const int BadArguments = 2;

    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>0, or 1 if a log reported wrong pages or allocated, or 2 if there is something wrong with the arguments.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        HarvestOptions options;
        ResultFile? csv = null;
        ResultFile? chart = null;
        try
        {
            options = HarvestOptions.Parse(arguments);
            csv = options.Csv is null ? null : new ResultFile("--csv", options.Csv);
            chart = options.Chart is null ? null : new ResultFile("--chart", options.Chart);
        }
        catch (CommandException exception)
        {
            csv?.Dispose();
            Console.Error.WriteLine($"{exception.Message.TrimEnd('.')}; usage: {HarvestOptions.Usage}");
            return BadArguments;
        }

        using (csv)
        using (chart)
        {
            try
            {
                Run(options, csv, chart);
                return AllRight;
            }
            catch (Exception exception) when (exception is WrongPagesException or IOException)
            {
                Console.Error.WriteLine($"failed: {exception.Message}");
                return SomethingFailed;
            }
        }
    }

    private static void Run(HarvestOptions options, ResultFile? csv, ResultFile? chart)
    {
        TextWriter output = Console.Out;
        Machine machine = Machine.This;
        string processor = $"{machine.Processor}, {machine.Cores} cores; {machine.Runtime}";
        output.WriteLine($"{processor}; load average {Machine.Load}");
        output.WriteLine("medians; caches full of other memory before each harvest; a tlbie costs nothing; making pages dirty is not measured");
        if (options.IsSweepsOnly)
        {
            SweepSpeed.Write(output, options.IsQuick);
            return;
        }

        if (options.IsQuick)
            output.WriteLine("quick: small guests, one round; these are no measurements");
        else
            CellMeasurement.WarmUp();

        var measurement = new CellMeasurement(options.IsQuick);
        var cells = new List<LogCell>();
        CellTable.WriteHeader(output);
        foreach (GuestShape shape in Shapes(options.Mebibytes))
        {
            IReadOnlyList<LogCell> measured = measurement.Measure(shape);
            CellTable.Write(output, measured);
            cells.AddRange(measured);
        }

        CellTable.WriteSummary(output, cells);
        SweepSpeed.Write(output, options.IsQuick);
        BreakEvenTable.Write(output, cells);
        csv?.Write(HashTableFiles.Csv(cells));
        chart?.Write(HashTableFiles.Svg(cells, processor));
    }

    private static IEnumerable<GuestShape> Shapes(IReadOnlyList<int> sizes)
    {
        foreach (int mebibytes in sizes)
        {
            foreach (int pageShift in (int[])[12, 16])
            {
                foreach (int ratio in (int[])[128, 1024])
                    yield return new GuestShape(mebibytes, pageShift, ratio, FrameOrder.Scattered);
            }
        }

        // What a walk is best at.
        int size = sizes.Count > 1 ? 4 << 10 : sizes[0];
        yield return new GuestShape(size, 12, 128, FrameOrder.InSequence);
        yield return new GuestShape(size, 16, 128, FrameOrder.InSequence);
    }
}
