namespace RingKit.Interleaving;

/// <summary>The program did what the model can't represent: it isn't deterministic, or accesses one word at two sizes.</summary>
public sealed class ModelException : Exception
{
    /// <summary>Makes one without a message.</summary>
    public ModelException()
    {
    }

    /// <summary>Makes one that says what the model can't represent.</summary>
    public ModelException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one that says what the model can't represent, and why that came about.</summary>
    public ModelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
