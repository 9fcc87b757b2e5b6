using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using RingKit.Bench.Density;
using RingKit.Bench.Harvest;
using RingKit.Bench.HashTable;
using RingKit.Bench.Inputs;
using RingKit.Bench.InTurn;
using RingKit.Bench.Limits;
using RingKit.Bench.Memslots;
using RingKit.Bench.Migration;
using RingKit.Bench.Reporting;
using RingKit.Bench.TwoThreads;

namespace RingKit.Bench;

/// <summary>
/// Runs the suites, and fails where one fails: BenchmarkDotNet itself prints NA and exits with 0. What needs two threads has a harness of its own, and so have the grids of densities and of hashed page tables.
/// </summary>
internal static class Program
{
    private const int AllMeasured = 0;
    private const int SomeFailed = 1;
    private const int NothingRan = 2;

    private static readonly string[] AsksOnly = ["--list", "--help", "--version", "--info", "-h"];

    private static int Main(string[] args)
    {
        if (args is [ThreadsCommand.Name, ..])
            return ThreadsCommand.Run(args.AsSpan(1));
        if (args is [DensityCommand.Name, ..])
            return DensityCommand.Run(args.AsSpan(1));
        if (args is [HarvestCommand.Name, ..])
            return HarvestCommand.Run(args.AsSpan(1));
        if (args is [TurnsCommand.Name, ..])
            return TurnsCommand.Run(args.AsSpan(1));
        if (args is [HashTableCommand.Name, ..])
            return HashTableCommand.Run(args.AsSpan(1));
        if (args is [LimitsCommand.Name, ..])
            return LimitsCommand.Run(args.AsSpan(1));
        if (args is [Stage2LogCommand.Name, ..])
            return Stage2LogCommand.Run(args.AsSpan(1));
        if (args is [MigrationCommand.Name, ..])
            return MigrationCommand.Run(args.AsSpan(1));

        string[] passedOn = [.. args.Where(argument => argument is not Grid.QuickSwitch)];
        if (passedOn.Length != args.Length)
            Grid.ChooseQuick();

        Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(passedOn, new BenchConfig(passedOn))];
        if (summaries.Length == 0)
            return passedOn.Any(argument => AsksOnly.Contains(argument)) ? AllMeasured : NothingRan;

        string[] failed = [.. summaries.SelectMany(Failures)];
        foreach (string failure in failed)
            Console.Error.WriteLine($"failed: {failure}");
        return failed.Length == 0 ? AllMeasured : SomeFailed;
    }

    private static IEnumerable<string> Failures(Summary summary)
    {
        foreach (var error in summary.ValidationErrors.Where(error => error.IsCritical))
            yield return $"{summary.Title}: {error.Message}";
        foreach (BenchmarkCase benchmark in summary.BenchmarksCases)
        {
            BenchmarkReport? report = summary[benchmark];
            if (report is not { Success: true, ResultStatistics: not null })
                yield return benchmark.DisplayInfo;
            else if (AllocatesNothing(benchmark) && report.GcStats.GetBytesAllocatedPerOperation(benchmark) is > 0 and { } bytes)
                yield return $"{benchmark.DisplayInfo}: it says that it allocates nothing, and allocates {bytes} B an operation";
        }
    }

    private static bool AllocatesNothing(BenchmarkCase benchmark) =>
        benchmark.Descriptor.WorkloadMethod.IsDefined(typeof(AllocatesNothingAttribute), inherit: false)
        || benchmark.Descriptor.Type.IsDefined(typeof(AllocatesNothingAttribute), inherit: false);
}
