using RingKit.Bench.Density.Contenders;
using RingKit.Bench.Density.Reporting;
using RingKit.Bench.Rivals;
using RingKit.Bench.TwoThreads.Reporting;
using RingKit.Cli.Commands;

namespace RingKit.Bench.Density;

/// <summary>The cost of finding dirty pages, over densities, shapes and sizes, beside the rivals: a table, a chart.</summary>
internal static class DensityCommand
{
    public const string Name = "density";

    private const int AllRight = 0;
    private const int SomethingFailed = 1;
    private const int BadArguments = 2;

    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>0, or 1 if a contender found a wrong number of pages, or 2 if there is something wrong with the arguments.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        DensityOptions options;
        ResultFile? csv = null;
        ResultFile? chart = null;
        try
        {
            options = DensityOptions.Parse(arguments);
            csv = options.Csv is null ? null : new ResultFile("--csv", options.Csv);
            chart = options.Chart is null ? null : new ResultFile("--chart", options.Chart);
        }
        catch (CommandException exception)
        {
            csv?.Dispose();
            Console.Error.WriteLine($"{exception.Message.TrimEnd('.')}; usage: {DensityOptions.Usage}");
            return BadArguments;
        }

        using (csv)
        using (chart)
        {
            try
            {
                if (options.IsScale)
                    ScaleTable.Write(Console.Out, options.IsQuick);
                else
                    Run(options, csv, chart);
                return AllRight;
            }
            catch (Exception exception) when (exception is WrongCountException or IOException)
            {
                Console.Error.WriteLine($"failed: {exception.Message}");
                return SomethingFailed;
            }
        }
    }

    private static void Run(DensityOptions options, ResultFile? csv, ResultFile? chart)
    {
        TextWriter output = Console.Out;
        Machine machine = Machine.This;
        ResidentSize[] sizes = ResidentSize.Choose(options.IsQuick, out string caches);
        string processor = $"{machine.Processor}, {machine.Cores} cores; {machine.Runtime}";
        output.WriteLine($"{processor}; load average {Machine.Load}");
        output.WriteLine($"{caches}; bitmaps: {string.Join(", ", sizes.Select(size => $"{size.Name} {size.Text}"))}");
        output.WriteLine($"medians; restoring is not measured, and {Clock.OwnNanoseconds:0} ns for looking at the clock are subtracted");
        string[] scaled = [.. sizes.Where(size => size.Words > Field.MostWordsBitByBit).Select(size => size.Name)];
        output.WriteLine($"every bit, BitArray: in {string.Join(" and ", scaled)} measured on the first {Field.MostWordsBitByBit >> 17} MiB, and scaled");
        if (options.IsQuick)
            output.WriteLine("quick: one pass of each without warm-up; these are no measurements");

        using Roaring? roaring = Roaring.TryLoad(out string missing);
        if (roaring is null)
            output.WriteLine($"without CRoaring: {missing}");

        var cells = new List<Cell>();
        foreach (Cell cell in new Measurement(sizes, roaring, options.IsQuick).Run())
        {
            if (cells.Count == 0 || cells[^1].Size != cell.Size)
                DensityTable.WriteHeader(output, cell.Size, cell.Nanoseconds.Keys);
            DensityTable.WriteRow(output, cell);
            cells.Add(cell);
        }

        csv?.Write(DensityFiles.Csv(cells));
        chart?.Write(DensityFiles.Svg(cells, processor));
    }
}
