namespace RingKit.Memory;

/// <summary>The distance that keeps words of different threads off each other's cache lines.</summary>
public static class CacheLine
{
    /// <summary>
    /// 128 bytes: the line of several arm64 processors, and two lines of x64, whose prefetcher fetches lines in pairs.
    /// </summary>
    public const int Separation = 128;
}
