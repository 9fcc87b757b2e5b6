#pragma warning disable MA0048 // The ways to wait, and what each hands to the ring.
using RingKit.Rings;

namespace RingKit.Properties.Rings;

/// <summary>How a thread of a ring's program waits for the other end.</summary>
internal enum RingWaiting
{
    /// <summary>By calling again.</summary>
    TryAgain,

    /// <summary>In the ring, spinning.</summary>
    Spin,

    /// <summary>In the ring, asleep until it is woken.</summary>
    Sleep,
}

internal readonly struct SpinAtOnce : IWaitStrategy
{
    public static bool SleepsIn(int round) => false;

    public static void Pass(int round)
    {
    }
}

internal readonly struct SleepAtOnce : IWaitStrategy
{
    public static bool SleepsIn(int round) => true;

    public static void Pass(int round)
    {
    }
}
