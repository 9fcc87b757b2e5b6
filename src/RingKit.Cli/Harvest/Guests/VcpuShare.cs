using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>One vCPU's part of a round.</summary>
internal abstract class VcpuShare
{
    /// <summary>The time in the guest, in microseconds.</summary>
    public double Guest { get; private protected set; }

    /// <summary>The time that it stood still for full rings, in microseconds.</summary>
    public double Stall { get; private protected set; }

    /// <summary>How often it left the guest for a full ring.</summary>
    public int FullExits { get; private protected set; }

    /// <summary>Why it ended early, if it did.</summary>
    public VcpuExit Exit { get; private protected set; }

    /// <summary>Stores what it has to. For a full ring it does what QEMU's vCPU threads do: it harvests, itself, and goes on.</summary>
    public abstract void Run();
}
