using Spectre.Console;

namespace RingKit.Cli.Commands;

/// <summary>Where a command writes to, and whether somebody watches.</summary>
/// <param name="output">Standard output.</param>
/// <param name="error">Standard error.</param>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    // Wide enough for every table, narrow enough for a file that is read in an editor or a mail.
    private const int RedirectedWidth = 100;

    public TextWriter Output { get; } = output;

    public TextWriter Error { get; } = error;

    /// <summary>Tables and charts on standard output: plain text if it is redirected.</summary>
    public IAnsiConsole OutputConsole => Make(Output, ReferenceEquals(Output, Console.Out) && !Console.IsOutputRedirected);

    /// <summary>Progress on standard error, or null where nobody watches it.</summary>
    public IAnsiConsole? ProgressConsole =>
        ReferenceEquals(Error, Console.Error) && !Console.IsErrorRedirected ? Make(Error, watched: true) : null;

    /// <summary>Writes one line to standard error, whatever the message holds.</summary>
    /// <param name="message">The message.</param>
    /// <param name="details">Lines that follow it, or none.</param>
    public void WriteError(string message, IEnumerable<string>? details = null)
    {
        Error.WriteLine($"ringkit: {OneLine(message)}");
        foreach (string detail in details ?? [])
            Error.WriteLine($"  {OneLine(detail)}");
    }

    private static string OneLine(string message)
    {
        // File names and traces may hold line ends, and escape sequences for the terminal.
        return string.Create(message.Length, message, static (span, text) =>
        {
            for (int i = 0; i < span.Length; i++)
                span[i] = char.IsControl(text[i]) ? '?' : text[i];
        });
    }

    private static IAnsiConsole Make(TextWriter writer, bool watched)
    {
        if (watched)
            return AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Width = RedirectedWidth;
        return console;
    }
}
