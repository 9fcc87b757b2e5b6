using RingKit.Bench.TwoThreads.Reporting;

namespace RingKit.Bench.Memslots;

/// <summary>What KVM's log of a memslot costs over stage 2: its start, its harvest word by word, and splitting ahead of stores; three tables.</summary>
internal static class Stage2LogCommand
{
    public const string Name = "stage2log";

    private const int AllRight = 0;
    private const int BadArguments = 2;

    /// <summary>Prints the tables.</summary>
    /// <returns>0, or 2 if the arguments are not understood.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        if (arguments is not ([] or ["--quick"]))
        {
            Console.Error.WriteLine($"usage: {Name} [--quick]");
            return BadArguments;
        }

        bool isQuick = arguments.Length != 0;
        TextWriter output = Console.Out;
        output.WriteLine($"{Machine.This.Processor}, {Machine.This.Runtime}, load {Machine.Load}{(isQuick ? "; quick: these are no measurements" : "")}");
        output.WriteLine("medians; an invalidation costs nothing; the guest has no bytes");
        var start = new LogStart(isQuick);
        var harvest = new WordHarvest(isQuick);
        var split = new EagerSplit(isQuick);
        if (!isQuick)
        {
            // Until the runtime's last compilation is behind all that runs.
            for (int pause = 0; pause < 3; pause++)
            {
                new LogStart(isQuick: true).Write(TextWriter.Null);
                new WordHarvest(isQuick: true).Write(TextWriter.Null);
                new EagerSplit(isQuick: true).Write(TextWriter.Null);
                Thread.Sleep(200);
            }
        }

        start.Write(output);
        harvest.Write(output);
        split.Write(output);
        return AllRight;
    }
}
