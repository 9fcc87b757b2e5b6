namespace RingKit.Cli.Migrate;

/// <summary>How the pages of a migration travel.</summary>
/// <param name="Name">As on the command line and in reports.</param>
/// <param name="Path">The file, if it is one.</param>
internal sealed record Via(string Name, string? Path = null)
{
    /// <summary>A TCP connection over loopback.</summary>
    public static Via Tcp { get; } = new("tcp");

    /// <summary>A pipe.</summary>
    public static Via Pipe { get; } = new("pipe");

    /// <summary>A file, which is read when all is written.</summary>
    public static Via File(string path) => new(path, path);
}
