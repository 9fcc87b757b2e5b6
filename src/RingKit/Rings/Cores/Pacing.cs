namespace RingKit.Rings.Cores;

/// <summary>
/// Keeps two threads out of the lock-step in which each item costs a transfer of a cache line from core to core.
/// </summary>
/// <remarks>
/// A consumer that keeps pace with its producer finds one item each time it looks, and each look takes the line of the index away from the
/// producer. If it pauses for less time than a line takes for the way and back before it looks, it finds a dozen items for the price of
/// one. The same holds for a producer at a full ring. So: an end that has used up what it knew of pauses once and looks then. If that was
/// in vain
/// (a slow partner, one thread at both ends), it does so ever more rarely. Nothing is held back from the other end, and nobody who
/// waits for an answer can get it within the pause.
/// </remarks>
internal static class Pacing
{
    /// <summary>Rings below this capacity have no room for a backlog.</summary>
    public const int SmallestCapacity = 64;

    // In normalized spins. Longer ones gain little for batches and make a round trip slower; shorter ones find backlogs that are not worth
    // it.
    private const int PauseLength = 10;
    private const ulong WorthIt = 16;

    // One pause in vain for so many looks: what remains of the cost where pausing does not help.
    private const uint LongestSkip = 1024;

    /// <summary>Before the look: whether there was a pause.</summary>
    public static bool Pause(ref RoleLine line)
    {
        if (line.PacingSkips != 0)
        {
            line.PacingSkips--;
            return false;
        }

        Thread.SpinWait(PauseLength);
        return true;
    }

    /// <summary>After the look: what it found decides when to pause again.</summary>
    public static void Learn(ref RoleLine line, bool paused, ulong found)
    {
        if (!paused)
            return;

        line.PacingSkipLength = found >= WorthIt ? 0 : Math.Min((2 * line.PacingSkipLength) + 1, LongestSkip);
        line.PacingSkips = line.PacingSkipLength;
    }
}
