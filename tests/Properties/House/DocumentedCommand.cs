using System.Text.RegularExpressions;

namespace RingKit.Properties.House;

/// <summary>A command that a page tells its reader to run.</summary>
/// <param name="Page">The page, from the repository's root.</param>
/// <param name="Text">The command, without variables before it and remarks behind it.</param>
internal sealed partial record DocumentedCommand(string Page, string Text)
{
    // Variables, the command, a remark.
    private const string CommandLine = @"^\s*(\w+=(\S+|'[^']*') +)*(?<command>(dotnet|ringkit|tools/ringkit) .*?)(\s{2,}#.*)?$";

    /// <summary>Its words, without quotes.</summary>
    public string[] Words { get; } = [.. Word().Matches(Text).Select(match => match.Value.Trim('\'', '"'))];

    /// <summary>What the program gets that <c>dotnet run</c> starts, or <c>ringkit</c>.</summary>
    public string[] Arguments => Words[0] == "dotnet" ? [.. Words.SkipWhile(word => word != "--").Skip(1)] : Words[1..];

    /// <summary>The project that <c>dotnet run</c> starts, or null.</summary>
    public string? Project => Words is ["dotnet", "run", ..] && Array.IndexOf(Words, "--project") is > 0 and int at ? Words[at + 1] : null;

    /// <summary>The commands of a page: lines of fenced blocks, and a whole <c>dotnet run</c> between backticks in a sentence or a table.</summary>
    public static IEnumerable<DocumentedCommand> On(string page, string text)
    {
        string joined = Continuation().Replace(text, " ");
        bool inside = false;
        foreach (string line in joined.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                inside = !inside;
            else if (inside && Of(page, line) is { } command)
                yield return command;
            else if (!inside)
            {
                foreach (Match span in Span().Matches(line))
                {
                    if (Of(page, span.Groups["text"].Value) is { IsWhole: true } mentioned)
                        yield return mentioned;
                }
            }
        }
    }

    // `ringkit replay --mmu hash` in a sentence is a mention, and `dotnet run ... -- hpt FILE` a synopsis.
    private bool IsWhole => Words is ["dotnet", "run", ..] && !Placeholder().IsMatch(Text);

    private static DocumentedCommand? Of(string page, string line)
    {
        Match match = Command().Match(line);
        return match.Success ? new DocumentedCommand(page, match.Groups["command"].Value.TrimEnd()) : null;
    }

    [GeneratedRegex(CommandLine, RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Command();

    [GeneratedRegex(@"\s*\\\n\s*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Continuation();

    [GeneratedRegex(@"'[^']*'|""[^""]*""|\S+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Word();

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Span();

    [GeneratedRegex(@"\bFILE\b|\[|\.\.\.|…", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Placeholder();
}
