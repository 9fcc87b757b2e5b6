using System.CommandLine;
using System.CommandLine.Invocation;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;

namespace RingKit.Cli.Commands;

/// <summary>The command <c>ringkit</c>: what it is made of, and what becomes of errors.</summary>
internal static class RingKitCommand
{
    private const string Description = """
        Which guest pages were written since I last asked, and what did it cost to find out?
        RingKit replays memory traces of real programs through a simulated guest and its dirty logs.

        Examples:
          ringkit replay data/traces/ls.lackey.gz
          ringkit replay trace.gz --log ring --ring-entries 1024 --interval 10000
          ringkit replay trace.gz --json
          ringkit info
        """;

    /// <summary>Runs the command.</summary>
    /// <param name="args">The words behind its name.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <returns>What the process returns: see <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var terminal = new Terminal(output, error);
        var root = new RootCommand(Description) { ReplayCommand.Make(terminal), InfoCommand.Make(terminal) };

        // A file name may begin with '@'.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            terminal.WriteError($"{parsed.Errors[0].Message.TrimEnd('.')} (see: ringkit{NameOf(parsed.CommandResult.Command)} --help)");
            return ExitCode.BadInput;
        }

        var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };
        try
        {
            return await parsed.InvokeAsync(configuration).ConfigureAwait(false);
        }
        catch (LogsDisagreeException e)
        {
            terminal.WriteError(e.Message);
            return ExitCode.LogsDisagree;
        }
        catch (Exception e) when (e is TraceException or CommandException)
        {
            terminal.WriteError(e.Message);
            return ExitCode.BadInput;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (IOException e)
        {
            // Everything else that is read or written says which file it is.
            terminal.WriteError($"cannot write to standard output: {e.Message}");
            return ExitCode.BadInput;
        }
    }

    private static string NameOf(Command command) => command is RootCommand ? "" : $" {command.Name}";
}
