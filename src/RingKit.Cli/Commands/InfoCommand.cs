using System.CommandLine;
using RingKit.Cli.Reports.Info;

namespace RingKit.Cli.Commands;

/// <summary><c>ringkit info</c>.</summary>
internal static class InfoCommand
{
    public const string Examples = """
        Examples:
          ringkit info
          ringkit info --json
        """;

    private const string Description =
        "Show the processor, the SIMD paths in use, page size and cores, and what the kernel and its KVM offer: what to quote beside a measurement.";

    public static Command Make(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of a table." };
        var command = new Command("info", Description) { json };
        command.SetAction(parsed =>
        {
            MachineInfo info = MachineInfo.Read() with { Kernel = KernelInfo.Read() };
            if (parsed.GetValue(json))
                info.WriteJson(terminal.Output);
            else
                info.WriteText(terminal.OutputConsole);
            return ExitCode.Success;
        });
        return command;
    }
}
