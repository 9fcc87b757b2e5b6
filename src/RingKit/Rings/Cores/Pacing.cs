namespace RingKit.Rings.Cores;

/// <summary>
/// Keeps two threads out of the lock-step in which each item costs a transfer of a cache line from core to core.
/// </summary>
/// <remarks>
/// A consumer that keeps pace with its producer finds an item or two each time it looks, and each look takes the line of the index away from
/// the producer. If it then pauses for as long as a line takes for a few ways between the cores, and looks once more, it finds a hundred
/// items for the price of two looks. The same holds for a producer at a full ring. So: an end that finds little, but not nothing, pauses and
/// looks again; if that gained little, it does so ever more rarely. Whoever finds nothing waits for an answer, and whoever finds much has
/// work to do: neither pauses. Nothing is held back from the other end.
/// </remarks>
internal struct Pacing
{
    /// <summary>Rings below this capacity have no room for a backlog.</summary>
    public const int SmallestCapacity = 256;

    // In normalized spins, of some 40 ns each. Measured with the two cores near each other and far apart: shorter ones cost twice the time
    // an item when they are far apart; longer ones gain nothing.
    private const int PauseLength = 32;

    // An item in a hundred nanoseconds.
    private const ulong WorthIt = 16;

    // Work for longer than a pause.
    private const ulong Backlog = 512;

    // One pause in vain for so many looks: what remains of the cost where pausing does not help.
    private const uint LongestSkip = 4095;

    private bool _paused;
    private ulong _before;

    /// <summary>After a look: pauses, if that is likely to gain something, and asks for a second look.</summary>
    /// <param name="line">The end's own notes.</param>
    /// <param name="found">What the look has found in all.</param>
    public bool LooksAgain(ref RoleLine line, ulong found)
    {
        if (_paused)
        {
            // What the second look gained decides when to pause again.
            line.PacingSkipLength = found - _before >= WorthIt ? 0 : Math.Min((2 * line.PacingSkipLength) + 1, LongestSkip);
            line.PacingSkips = line.PacingSkipLength;
            return false;
        }

        if (found - 1 >= Backlog - 1)
            return false;

        // Producers that share a line may count past 0.
        if (line.PacingSkips - 1 < LongestSkip)
        {
            line.PacingSkips--;
            return false;
        }

        Thread.SpinWait(PauseLength);
        _paused = true;
        _before = found;
        return true;
    }
}
