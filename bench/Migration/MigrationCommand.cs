using RingKit.Bench.TwoThreads.Reporting;
using RingKit.Cli.Commands;

namespace RingKit.Bench.Migration;

/// <summary>Migrations of one guest at write rates from idle to above the bandwidth, and what logging leaves of the guest's stores.</summary>
internal static class MigrationCommand
{
    public const string Name = "migration";

    private const int AllEqual = 0;
    private const int Unequal = 1;
    private const int BadArguments = 2;

    /// <summary>Prints the table that is asked for.</summary>
    /// <returns>0; 1 if a destination's memory was not its source's; 2 if the arguments are not understood, or a migration failed.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        try
        {
            var options = MigrationBenchOptions.Parse(arguments);
            TextWriter output = Console.Out;
            output.WriteLine($"{Machine.This.Processor}, {Machine.This.Cores} cores, {Machine.This.Runtime}, load {Machine.Load}{(options.IsQuick ? "; quick: these are no measurements" : "")}");
            if (options.Remark is { } remark)
                output.WriteLine(remark);
            if (options.IsStores)
                new StoreTable(options).Write(output);
            else if (!new RateTable(options).Write(output))
                return Unequal;
            return AllEqual;
        }
        catch (CommandException e)
        {
            Console.Error.WriteLine($"{Name}: {e.Message}");
            Console.Error.WriteLine($"usage: {MigrationBenchOptions.Usage}");
            return BadArguments;
        }
    }
}
