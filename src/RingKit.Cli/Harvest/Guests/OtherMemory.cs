namespace RingKit.Cli.Harvest.Guests;

/// <summary>
/// Memory that has nothing to do with the guest, and is read before each round: no round finds in the caches what the one before has left there. A guest that runs
/// between two harvests does the same to them.
/// </summary>
internal sealed class OtherMemory
{
    // Twice what the caches of most processors hold.
    private const int Words = 64 << 17;

    private readonly ulong[] _words = new ulong[Words];
    private ulong _sum;

    // Written once, lest all of it be the host's one page of zeros.
    public OtherMemory() => Array.Fill(_words, 1UL);

    /// <summary>Reads all of it: a word of each cache line.</summary>
    public void Read()
    {
        ulong sum = _sum;
        for (int i = 0; i < _words.Length; i += 8)
            sum += _words[i];
        _sum = sum;
    }
}
