namespace RingKit.Rings.Waiting;

/// <summary>What all strategies begin with: looks, first as fast as they can, then with pauses.</summary>
internal static class Spinning
{
    /// <summary>Rounds after which the other end is taken not to run at all: about two microseconds.</summary>
    public const int Rounds = Eager + 32;

    // A line takes about a hundred nanoseconds from core to core, and a pause lasts half of that: an answer that is on its way would wait for
    // the end of the pause. For longer waits the pause is kinder, to a hyper-thread beside us most of all.
    private const int Eager = 24;

    public static void Pass(int round)
    {
        if (round >= Eager)
            Thread.SpinWait(1);
    }
}
