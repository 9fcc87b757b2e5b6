namespace RingKit.Cli.Commands;

/// <summary>What the user asked for cannot be done: the message says so in one line.</summary>
internal sealed class CommandException(string message, Exception? cause = null) : Exception(message, cause);
