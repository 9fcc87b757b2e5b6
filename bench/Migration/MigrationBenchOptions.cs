using System.Globalization;
using RingKit.Cli.Commands;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Machines;
using RingKit.Cli.Migrate;

namespace RingKit.Bench.Migration;

/// <summary>What the command line asks for.</summary>
internal sealed record MigrationBenchOptions
{
    public const string Usage = "migration [--stores] [--log LOG] [--memory SIZE] [--bandwidth RATE] [--rates 0,0.5,1.5] [--quick]";

    private const double MaximumRate = 100;
    private const ulong Megabyte = 1 << 20;

    /// <summary>A small guest, once: it proves that all of it works, and measures nothing.</summary>
    public bool IsQuick { get; private init; }

    /// <summary>The table of stores in place of that of rates.</summary>
    public bool IsStores { get; private init; }

    public LogChoice Log { get; private init; } = LogChoice.Flat[0];

    public ulong Memory { get; private init; }

    public ulong Bandwidth { get; private init; }

    /// <summary>What the guest writes, in shares of the bandwidth.</summary>
    public IReadOnlyList<double> Rates { get; private init; } = [0, 0.25, 0.5, 1, 1.5];

    /// <summary>What differs from what was asked for, or null.</summary>
    public string? Remark { get; private init; }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="CommandException">They are not what <see cref="Usage"/> says.</exception>
    public static MigrationBenchOptions Parse(ReadOnlySpan<string> arguments)
    {
        (bool isQuick, bool isStores, LogChoice log, ulong? memory, ulong? bandwidth) = (false, false, LogChoice.Flat[0], null, null);
        double[]? rates = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    isQuick = true;
                    break;
                case "--stores":
                    isStores = true;
                    break;
                case "--log":
                    log = LogAfter(arguments, ref i);
                    break;
                case "--memory":
                    memory = SizeAfter(arguments, ref i);
                    break;
                case "--bandwidth":
                    bandwidth = SizeAfter(arguments, ref i);
                    break;
                case "--rates":
                    rates = RatesAfter(arguments, ref i);
                    break;
                default:
                    throw new CommandException($"'{arguments[i]}' is no argument of migration");
            }
        }

        ulong wanted = memory ?? (isQuick ? 32 * Megabyte : 4096 * Megabyte), fits = Fitting(wanted);
        var options = new MigrationBenchOptions
        {
            IsQuick = isQuick,
            IsStores = isStores,
            Log = log,
            Memory = fits,
            Bandwidth = bandwidth ?? (isQuick ? 400 * Megabyte : 1024 * Megabyte),
            Remark = fits == wanted ? null : $"this machine has no memory for two guests of {MemorySize.Format(wanted)}: {MemorySize.Format(fits)} instead",
        };
        return rates is not null ? options with { Rates = rates } : isQuick ? options with { Rates = [0.25, 1.5] } : options;
    }

    /// <summary>The guest, with these options.</summary>
    public MigrateSettings Guest => new() { Vcpus = MigrateSettings.DefaultVcpus, Memory = Memory, Bandwidth = Bandwidth, Logs = [Log], Seed = 20191129 };

    private static ulong Fitting(ulong memory)
    {
        ulong available = AvailableMemory.Bytes;
        for (; memory > 4096; memory /= 2)
        {
            try
            {
                GuestMigration.CheckMemory(memory, available);
                break;
            }
            catch (CommandException)
            {
                // Half of it.
            }
        }

        return memory & ~4095UL;
    }

    private static LogChoice LogAfter(ReadOnlySpan<string> arguments, ref int i)
    {
        string name = WordAfter(arguments, ref i);
        return LogChoice.Flat.FirstOrDefault(log => log.Name == name)
            ?? throw new CommandException($"--log {name}: choose one of {string.Join(", ", LogChoice.Flat.Select(log => log.Name))}");
    }

    private static ulong SizeAfter(ReadOnlySpan<string> arguments, ref int i)
    {
        string option = arguments[i], text = WordAfter(arguments, ref i);
        return MemorySize.TryParse(text, out ulong size) && size is >= 1 << 20 and <= 1UL << 40 && size % 4096 == 0
            ? size
            : throw new CommandException($"{option} {text}: not a multiple of 4K from 1M to 1T");
    }

    private static double[] RatesAfter(ReadOnlySpan<string> arguments, ref int i)
    {
        string text = WordAfter(arguments, ref i);
        double[] rates = [.. text.Split(',').Select(word => double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double rate) ? rate : -1)];
        return rates.All(rate => rate is >= 0 and <= MaximumRate)
            ? rates
            : throw new CommandException($"--rates {text}: not shares of the bandwidth from 0 to {MaximumRate}, with commas between them");
    }

    private static string WordAfter(ReadOnlySpan<string> arguments, ref int i) =>
        i + 1 < arguments.Length ? arguments[++i] : throw new CommandException($"{arguments[i]} needs a value");
}
