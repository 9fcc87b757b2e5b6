using System.Diagnostics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest;

/// <summary>One vCPU's part of a round.</summary>
internal sealed class VcpuShare(Vcpu vcpu, IDirtyLog log, HarvestedPages harvested, uint[] pages, int first, int end)
{
    /// <summary>The time in the guest, in microseconds.</summary>
    public double Guest { get; private set; }

    /// <summary>The time that it stood still for full rings, in microseconds.</summary>
    public double Stall { get; private set; }

    /// <summary>How often it left the guest for a full ring.</summary>
    public int FullExits { get; private set; }

    /// <summary>Why it ended early, if it did.</summary>
    public VcpuExit Exit { get; private set; }

    /// <summary>Stores to its pages. For a full ring it does what QEMU's vCPU threads do: it harvests, itself, and goes on.</summary>
    public void Run()
    {
        var program = new PageStores(pages, first, end);
        var sink = new HarvestedPages.Sink(harvested);
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            Exit = vcpu.Run(ref program);
            long left = Stopwatch.GetTimestamp();
            Guest += Clock.Microseconds(start, left);
            if (Exit != VcpuExit.DirtyRingFull)
                return;

            FullExits++;
            log.Harvest(ref sink);
            start = Stopwatch.GetTimestamp();
            Stall += Clock.Microseconds(left, start);
        }
    }
}
