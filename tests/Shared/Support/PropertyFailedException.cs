namespace RingKit.Properties.Support;

/// <summary>A property did not hold; the message begins with the line that replays it.</summary>
internal sealed class PropertyFailedException : Exception
{
    public PropertyFailedException()
    {
    }

    public PropertyFailedException(string message)
        : base(message)
    {
    }

    public PropertyFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
