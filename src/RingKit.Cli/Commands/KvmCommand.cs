using System.CommandLine;
using RingKit.Cli.Commands.Options;
using RingKit.Cli.Commands.Progress;
using RingKit.Cli.RealGuests;
using RingKit.Cli.Reports.Kvm;

namespace RingKit.Cli.Commands;

/// <summary><c>ringkit kvm</c>, and <c>ringkit kvm run</c> below it.</summary>
internal sealed class KvmCommand
{
    public const string Examples = """
        Needs Linux on x86-64, and the right to open /dev/kvm (another file: RINGKIT_KVM). What is missing is said by
        ringkit info, and in one line here; the exit code is 2 then, as it is for a guest that does what it should not,
        whose registers follow. At the end every page that has changed must have been in a harvest; else the exit code is 1.

        Examples:
          ringkit kvm run
          ringkit kvm run --log kvm-bitmap --pages 16384 --pattern hot --time 5s
          ringkit kvm run --vcpus 2 --ring-entries 1024 --interval 10ms --json
        """;

    private const string Description = "Run real guests on this machine's KVM.";

    private const string RunDescription = "Run a real guest that stores to its pages, and show which the kernel says are dirty, harvest by harvest.";

    private readonly KvmOptions _options = new();
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object instead of tables." };
    private readonly Terminal _terminal;

    private KvmCommand(Terminal terminal) => _terminal = terminal;

    /// <summary>The command, with that below it.</summary>
    public static Command Make(Terminal terminal)
    {
        var kvm = new KvmCommand(terminal);
        var run = new Command("run", RunDescription);
        kvm._options.AddTo(run);
        run.Options.Add(kvm._json);
        run.SetAction(kvm.RunAsync);
        return new Command("kvm", Description) { run };
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        KvmRunSettings settings = _options.Read(parsed);

        // On a thread of its own, so that this one can show progress, and take Ctrl-C.
        var progress = new ReplayProgress();
        Task<KvmRunReport> running = Task.Run(() => new KvmRun(settings).Run(Show, cancellation), CancellationToken.None);
        await progress.ShowAsync(running, _terminal.ProgressConsole, "Running").ConfigureAwait(false);
        KvmRunReport report = await running.ConfigureAwait(false);

        if (parsed.GetValue(_json))
            KvmRunJson.Write(report, _terminal.Output);
        else
            new KvmRunText(_terminal.OutputConsole).Write(report);
        return ExitCode.Success;

        void Show(double part, KvmInterval interval) => progress.Report(
            part, string.Create(CultureInfo.InvariantCulture, $"{interval.DirtyPages:N0} of {settings.Pages:N0} pages dirty in {interval.Time.TotalMilliseconds:N0} ms"));
    }
}
