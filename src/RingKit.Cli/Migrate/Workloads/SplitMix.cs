namespace RingKit.Cli.Migrate.Workloads;

/// <summary>Random numbers from a counter (SplitMix64, Steele, Lea and Flood 2014): the same for the same seed, and cheap.</summary>
internal static class SplitMix
{
    /// <summary>What the counter goes on by.</summary>
    public const ulong Step = 0x9E3779B97F4A7C15;

    /// <summary>The number that belongs to a counter.</summary>
    public static ulong Mix(ulong counter)
    {
        ulong mixed = (counter ^ counter >> 30) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
        return mixed ^ mixed >> 31;
    }

    /// <summary>A counter for each vCPU, far from the others'.</summary>
    public static ulong CounterOf(ulong seed, int vcpu) => Mix(Mix(seed + Step) + (ulong)vcpu * Step);
}
