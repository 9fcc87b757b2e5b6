using System.Numerics;

namespace RingKit.Interleaving;

/// <summary>One execution by chance, the same for the same seed.</summary>
/// <remarks>
/// How often a thread goes on, and how often it reads an old store where there is one, is itself drawn for each execution: some switch
/// at almost every step, others seldom, which finds bugs of both kinds.
/// </remarks>
internal sealed class RandomWalk : Strategy
{
    private ulong _state;
    private uint _goesOn;
    private uint _looksBack;

    /// <summary>Begins an execution.</summary>
    public void Restart(ulong seed)
    {
        _state = seed;
        _goesOn = Next(8);
        _looksBack = 1 + Next(4);
    }

    public override int NextThread(Execution execution, uint enabled, int previous)
    {
        if (previous >= 0 && (enabled >> previous & 1) != 0 && Next(8) < _goesOn)
            return previous;

        uint skip = Next((uint)BitOperations.PopCount(enabled));
        for (; skip > 0; skip--)
            enabled &= enabled - 1;
        return BitOperations.TrailingZeroCount(enabled);
    }

    public override int Choose(Execution execution, ReadOnlySpan<int> distances) =>
        distances.Length == 1 || Next(8) >= _looksBack ? distances[0] : distances[(int)Next((uint)distances.Length)];

    // SplitMix64: the same on every runtime, unlike System.Random.
    private uint Next(uint bound)
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return (uint)((z >> 32) * bound >> 32);
    }
}
