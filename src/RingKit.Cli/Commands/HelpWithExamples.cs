using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace RingKit.Cli.Commands;

/// <summary>Help as System.CommandLine writes it, then what the list of commands has no room for.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private readonly HelpAction _help;
    private readonly IReadOnlyDictionary<Command, string> _more;

    private HelpWithExamples(HelpAction help, IReadOnlyDictionary<Command, string> more)
    {
        _help = help;
        _more = more;
    }

    // Help that was asked for comes before complaints about the rest of the line.
    public override bool ClearsParseErrors => true;

    public static void AddTo(RootCommand root, IReadOnlyDictionary<Command, string> more)
    {
        HelpOption option = root.Options.OfType<HelpOption>().Single();
        option.Action = new HelpWithExamples((HelpAction)option.Action!, more);
    }

    public override int Invoke(ParseResult parseResult)
    {
        int result = _help.Invoke(parseResult);
        if (_more.TryGetValue(parseResult.CommandResult.Command, out string? more))
            parseResult.InvocationConfiguration.Output.WriteLine(more);
        return result;
    }
}
