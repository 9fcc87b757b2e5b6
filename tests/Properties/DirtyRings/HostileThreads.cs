using System.Diagnostics;
using RingKit.DirtyRings;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>P14 on real threads: one scribbles into the entries while the three parties work on them.</summary>
[Collection(RunAlone.Name)]
public sealed class HostileThreads
{
    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(300);

    [Fact]
    public void P14_a_scribbling_thread_reaches_no_page_outside_the_slots()
    {
        using var rig = new RingRig(64, reserve: 16);
        var crew = new Crew(TimeSpan.FromSeconds(30));
        var clock = Stopwatch.StartNew();
        var target = new SlotsTarget(HostileRing.Slots);
        long pushes = 0, harvested = 0, scribbles = 0;
        ulong refused = 0;

        crew.Run(("producer", Produce), ("harvester", Harvest), ("resetter", Reset), ("scribbler", Scribble));

        Report.Line(
            $"P14: {scribbles} hostile writes against {pushes} pushes and {harvested} harvested entries; {rig.Harvester.ForeignFlags} "
            + $"foreign flags, {rig.Resetter.ForgedResets} forged resets, {refused} refused pages.");
        Assert.Empty(target.Violations);
        Assert.Equal(refused, rig.Resetter.RefusedPages);
        Assert.True(unchecked(rig.Core.Control.DirtyIndex - rig.Core.Control.ResetIndex) <= rig.Core.Capacity);
        Assert.NotEmpty(target.Pages);
        Assert.NotEqual(0UL, refused);

        void Produce()
        {
            for (; clock.Elapsed < Duration; Thread.Yield())
            {
                for (uint i = 0; i < 50; i++)
                    pushes += rig.Producer.TryPush(i % 3, i * 2) == PushResult.Full ? 0 : 1;
            }
        }

        void Harvest()
        {
            var destination = new DirtyGfn[64];
            for (; clock.Elapsed < Duration; Thread.Yield())
                harvested += rig.Harvester.Harvest(destination);
        }

        void Reset()
        {
            for (; clock.Elapsed < Duration; Thread.Yield())
            {
                refused += (uint)rig.Resetter.Reset(ref target).RefusedPages;
                target.Calls.Clear();
            }
        }

        void Scribble()
        {
            for (uint i = 0; clock.Elapsed < Duration; i += 40503)
            {
                Scribbler.Write(rig, (byte)(i >> 8), (byte)(i >> 16));
                if (scribbles++ % 16 == 0)
                    Thread.Yield();
            }
        }
    }
}
