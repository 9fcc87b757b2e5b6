using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using RingKit.Cli.RealGuests;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;

namespace RingKit.Cli.Commands;

/// <summary>The command <c>ringkit</c>: what it is made of, and what becomes of errors.</summary>
internal static class RingKitCommand
{
    private const string Description = """
        Which guest pages were written since I last asked, and what did it cost to find out?
        RingKit compares dirty logs on simulated guests of up to 1 TiB, replays memory traces of real programs through
        them, migrates running guests by them, reads the hashed page tables of real guests, and runs guests on this
        machine's KVM.
        """;

    private const string Examples = """
        Examples:
          ringkit harvest
          ringkit replay data/traces/ls.lackey.gz
          ringkit replay --help
          ringkit migrate --log all
          ringkit hpt data/hpt/debian-512m.hpt.gz
          ringkit kvm run
          ringkit info
        """;

    /// <summary>The command with all that is below it.</summary>
    public static RootCommand Make(Terminal terminal)
    {
        Command harvest = HarvestCommand.Make(terminal);
        Command replay = ReplayCommand.Make(terminal);
        Command migrate = MigrateCommand.Make(terminal);
        Command hpt = HptCommand.Make(terminal);
        Command kvm = KvmCommand.Make(terminal);
        Command info = InfoCommand.Make(terminal);
        var root = new RootCommand(Description) { harvest, replay, migrate, hpt, kvm, info };
        HelpWithExamples.AddTo(root, new Dictionary<Command, string>
        {
            [root] = Examples,
            [harvest] = HarvestCommand.Examples,
            [replay] = ReplayCommand.Examples,
            [migrate] = MigrateCommand.Examples,
            [hpt] = HptCommand.Examples,
            [kvm] = KvmCommand.Examples,
            [kvm.Subcommands[0]] = KvmCommand.Examples,
            [info] = InfoCommand.Examples,
        });
        return root;
    }

    /// <summary>Runs the command.</summary>
    /// <param name="args">The words behind its name.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <returns>What the process returns: see <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var terminal = new Terminal(output, error);
        RootCommand root = Make(terminal);

        // A file name may begin with '@'.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            // Without a command, what is wrong with the words that are there comes after the remark that there is none.
            Command command = parsed.CommandResult.Command;
            ParseError first = command == root ? parsed.Errors[^1] : parsed.Errors[0];
            terminal.WriteError($"{first.Message.TrimEnd('.')} (see: ringkit{WordsOf(command)} --help)");
            return ExitCode.BadInput;
        }

        var configuration = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,

            // Behind Ctrl-C files that are not complete are removed, which on a busy machine may take longer than the two seconds that there are otherwise.
            ProcessTerminationTimeout = TimeSpan.FromSeconds(20),
        };
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
        catch (GuestFailedException e)
        {
            terminal.WriteError(e.Message, e.Details);
            return ExitCode.BadInput;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (OutOfMemoryException)
        {
            // Every interval's figures are kept for the report.
            terminal.WriteError("out of memory: choose a larger --interval, or a smaller --memory");
            return ExitCode.BadInput;
        }
        catch (IOException e)
        {
            // Everything else that is read or written says which file it is.
            terminal.WriteError($"cannot write to standard output: {e.Message}");
            return ExitCode.BadInput;
        }
    }

    // As it is typed, without the first word.
    private static string WordsOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{WordsOf(parent)} {command.Name}" : "";
}
