namespace RingKit.Cli.Commands;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>A dirty log reported other pages than were written.</summary>
    public const int LogsDisagree = 1;

    /// <summary>A wrong option, or input that cannot be read.</summary>
    public const int BadInput = 2;

    /// <summary>128 and SIGINT, as shells have it.</summary>
    public const int Interrupted = 130;
}
