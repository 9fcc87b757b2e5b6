namespace RingKit.Properties;

/// <summary>Whether tests may take hours: <c>RINGKIT_LONG=1</c>.</summary>
internal static class LongRun
{
    public static bool IsOn { get; } = string.Equals(Environment.GetEnvironmentVariable("RINGKIT_LONG"), "1", StringComparison.Ordinal);
}
