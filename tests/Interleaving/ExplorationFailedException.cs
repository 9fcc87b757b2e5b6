namespace RingKit.Interleaving;

/// <summary>An execution of the program failed; the message holds its trace and its replay string.</summary>
public sealed class ExplorationFailedException : Exception
{
    /// <summary>Makes one without a message.</summary>
    public ExplorationFailedException()
    {
    }

    /// <summary>Makes one that says what failed.</summary>
    public ExplorationFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one that says what failed, and by what.</summary>
    public ExplorationFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
