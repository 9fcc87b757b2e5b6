namespace RingKit.Mmu.Guest;

/// <summary>How a machine's vCPUs measure the time that faults take them. A look at the clock costs about 20 ns, and a fault 40 to 100 ns.</summary>
public enum FaultTiming
{
    /// <summary>One TLB miss in 64, at random; a fault that is timed stands for those of its kind since the one that was timed before it.</summary>
    Sampled,

    /// <summary>Every TLB miss.</summary>
    Every,

    /// <summary>None: faults are counted alone.</summary>
    Off,
}
