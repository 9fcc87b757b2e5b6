using System.Diagnostics;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>One vCPU's part of a round, as a program that it runs to its end.</summary>
internal sealed class ProgramShare<TProgram>(Vcpu vcpu, IDirtyLog log, HarvestedPages harvested, TProgram whole) : VcpuShare
    where TProgram : struct, IGuestProgram
{
    public override void Run()
    {
        TProgram program = whole;
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
