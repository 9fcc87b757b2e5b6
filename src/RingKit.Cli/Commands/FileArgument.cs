namespace RingKit.Cli.Commands;

/// <summary>Opens the file that a command is given, and says in one line why it cannot.</summary>
internal static class FileArgument
{
    /// <param name="path">The word that was given.</param>
    /// <param name="wanted">What the file should be, with its article.</param>
    /// <param name="open">Opens it.</param>
    /// <exception cref="CommandException">It cannot be opened.</exception>
    public static T Open<T>(string path, string wanted, Func<string, T> open)
    {
        if (path.Length == 0)
            throw new CommandException("FILE: the name is empty");

        try
        {
            return open(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException($"{path}: no such file", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CommandException($"{path}: {(Directory.Exists(path) ? $"a directory, not {wanted}" : "no permission to read it")}", e);
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidDataException)
        {
            throw new CommandException($"{path}: cannot be opened: {e.Message}", e);
        }
    }
}
