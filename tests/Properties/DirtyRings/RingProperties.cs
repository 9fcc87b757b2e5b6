using FsCheck.Experimental;
using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.Properties.DirtyRings.Conformance;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>What holds for a dirty ring under every schedule of its three parties, from index 0 and across 2^32.</summary>
public sealed class RingProperties
{
    private static readonly uint[] NearWrap =
        [0xffffff00, 0xffffff80, 0xffffffc0, 0xffffffe0, 0xfffffff0, 0xfffffffe, 0xffffffff];

    private static readonly uint[] FromZero = [0];

    [Fact]
    public void P4_pushed_is_recycled_and_used() => CheckConservation(nameof(P4_pushed_is_recycled_and_used), FromZero);

    [Fact]
    public void P6_entries_take_only_legal_transitions() =>
        Props.Check(new RingMachine(FromZero).ToProperty(), nameof(P6_entries_take_only_legal_transitions), maxTest: 300);

    [Fact]
    public void P15_conservation_survives_the_wrap() => CheckConservation(nameof(P15_conservation_survives_the_wrap), NearWrap);

    [Fact]
    public void P15_legality_survives_the_wrap()
    {
        var machine = new RingMachine(NearWrap);
        Props.Check(machine.ToProperty(), nameof(P15_legality_survives_the_wrap), maxTest: 300);
        AssertWrapped(machine.Wrapped, nameof(P15_legality_survives_the_wrap));
    }

    [Fact]
    public void P15_a_full_ring_across_the_wrap_is_full()
    {
        using var rig = new RingRig(256, reserve: 64, startIndex: 0xffffff80);
        for (ulong page = 0; page < 256; page++)
            Assert.Equal(page + 1 >= 192 ? PushResult.SoftFull : PushResult.Pushed, rig.Producer.TryPush(1, page));
        Assert.Equal(PushResult.Full, rig.Producer.TryPush(1, 256));
        Assert.Equal(0x80u, rig.Core.Control.DirtyIndex);
        Assert.Equal(256u, rig.Core.Used);
    }

    private static void CheckConservation(string name, uint[] starts)
    {
        int wrapped = 0;
        Props.Check(
            Prop.ForAll<(byte, byte)[], (byte Size, byte Reserve, byte Start)>((steps, ring) =>
            {
                uint start = starts[ring.Start % starts.Length];
                int capacity = 1 << (ring.Size % 6);
                using var rig = new RingRig(capacity, ring.Reserve % capacity, start);
                using var script = new RingScript(new SlotPublishedUnderTest(rig));
                bool held = Conserves(script, rig, steps);
                wrapped += rig.Core.Control.ResetIndex < start ? 1 : 0;
                return held;
            }),
            name,
            maxTest: 400);
        if (starts.Length > 1)
            AssertWrapped(wrapped, name);
    }

    // Schedules that stay on one side of 2^32 would prove nothing; a reader who asks for a few cases only may get none that cross it.
    private static void AssertWrapped(int count, string name)
    {
        Report.Line($"{name}: {count} schedules crossed 2^32.");
        if (Environment.GetEnvironmentVariable(Props.MaxTestVariable) is null)
            Assert.NotEqual(0, count);
    }

    private static bool Conserves(RingScript script, RingRig rig, (byte Party, byte Amount)[] steps)
    {
        foreach ((byte party, byte amount) in steps)
        {
            script.Step(party, amount);
            int dirty = Count(rig, DirtyGfn.Dirty);
            int harvested = Count(rig, DirtyGfn.Reset);
            if (script.Accepted != script.Recycled + rig.Core.Used
                || script.Attempts != script.Accepted + rig.Core.Control.FullPushes
                || rig.Core.Used != dirty + harvested
                || (ulong)script.Harvested.Count != script.Recycled + (uint)harvested)
            {
                return false;
            }
        }

        script.Drain();
        return script.Recycled == script.Accepted && rig.Core.Used == 0 && Count(rig, 0) == (int)rig.Core.Capacity;
    }

    private static int Count(RingRig rig, uint flags)
    {
        int count = 0;
        foreach (DirtyGfn entry in rig.Memory)
            count += entry.Flags == flags ? 1 : 0;
        return count;
    }
}
