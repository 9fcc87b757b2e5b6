using System.Diagnostics;
using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;
using RingKit.DirtyRings.Resetting;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.Conformance;

/// <summary>Real threads on each dirty ring: every entry arrives once, in order, with its own payload, and is reset once, in order.</summary>
[Collection(RunAlone.Name)]
public sealed class DirtyRingThreads
{
    private const ulong Entries = 2_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static readonly Dictionary<string, Func<int, IRingUnderTest>> Rings = new(StringComparer.Ordinal)
    {
        ["slot"] = capacity => new SlotPublishedUnderTest(new RingRig(capacity, capacity / 8)),
        ["index"] = capacity => new IndexPublishedUnderTest<PowerOfTwoIndexing>(new IndexRig<PowerOfTwoIndexing>(capacity, capacity / 8)),
        ["one line"] = capacity => new IndexPublishedUnderTest<PowerOfTwoIndexing>(
            new IndexRig<PowerOfTwoIndexing>(capacity, capacity / 8, uint.MaxValue, IndexLayout.OneLine, foreign: false)),
        ["any capacity"] = capacity => new IndexPublishedUnderTest<AnyCapacityIndexing>(
            new IndexRig<AnyCapacityIndexing>(capacity - 7, capacity / 8)),
    };

    public static TheoryData<string> Names => [.. Rings.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Two_threads_with_a_fast_harvester(string name) => Run(name, "fast", 4096, (crew, ring) =>
        [("producer", () => Produce(crew, ring)), ("harvester", () => HarvestAndReset(crew, ring, 4096, slow: false))]);

    [Theory]
    [MemberData(nameof(Names))]
    public void Two_threads_with_a_slow_harvester(string name) => Assert.NotEqual(0UL, Run(name, "slow", 512, (crew, ring) =>
        [("producer", () => Produce(crew, ring)), ("harvester", () => HarvestAndReset(crew, ring, 200, slow: true))]));

    [Theory]
    [MemberData(nameof(Names))]
    public void Three_threads(string name) => Run(name, "three", 1024, (crew, ring) =>
    [
        ("producer", () => Produce(crew, ring)),
        ("harvester", () => Harvest(crew, ring)),
        ("resetter", () => Reset(crew, ring)),
    ]);

    private static ulong Run(string name, string way, int capacity, Func<Crew, IRingUnderTest, (string, Action)[]> members)
    {
        using IRingUnderTest ring = Rings[name](capacity);
        var clock = Stopwatch.StartNew();
        var crew = new Crew(Deadline);
        crew.Run(members(crew, ring));
        Report.Line($"DirtyRingThreads: {name}, {way}, {Entries} entries in {clock.ElapsedMilliseconds} ms, {ring.FullPushes} pushes found it full.");
        Assert.Equal(0, ring.Used);
        return ring.FullPushes;
    }

    // Consecutive pages lie far apart, so that each batch is one entry and the resetter can check the sequence too.
    private static ulong OffsetOf(ulong sequence) => unchecked((sequence + 1) * 0x9e3779b97f4a7c15);

    private static uint SlotOf(ulong sequence) => unchecked((uint)(OffsetOf(sequence) >> 37) ^ (uint)sequence);

    private static void Produce(Crew crew, IRingUnderTest ring)
    {
        int idle = 0;
        for (ulong sequence = 0; sequence < Entries;)
        {
            if (ring.TryPush(SlotOf(sequence), OffsetOf(sequence)) == PushResult.Full)
            {
                crew.Idle(ref idle, $"room for entry {sequence}");
                continue;
            }

            idle = 0;
            sequence++;
        }
    }

    private static void HarvestAndReset(Crew crew, IRingUnderTest ring, int maximum, bool slow)
    {
        var sink = default(CheckingSink);
        var target = default(CheckingTarget);
        int idle = 0;
        while (target.Next < Entries)
        {
            // The slow one lets the ring fill up before it looks.
            if (slow && sink.Next + (ulong)ring.Capacity < Entries && ring.Used < ring.Capacity)
            {
                crew.Idle(ref idle, $"a full ring after entry {sink.Next}");
                continue;
            }

            int harvested = ring.Harvest(ref sink, maximum);
            int reset = ring.Reset(ref target).Entries;
            if (harvested != reset)
                throw new InvalidOperationException($"{harvested} entries harvested and {reset} reset at entry {sink.Next}.");
            if (harvested == 0)
                crew.Idle(ref idle, $"entry {sink.Next}");
            else
                idle = 0;
        }
    }

    private static void Harvest(Crew crew, IRingUnderTest ring)
    {
        var sink = default(CheckingSink);
        int idle = 0;
        while (sink.Next < Entries)
        {
            if (ring.Harvest(ref sink) != 0)
                idle = 0;
            else
                crew.Idle(ref idle, $"entry {sink.Next}");
        }
    }

    private static void Reset(Crew crew, IRingUnderTest ring)
    {
        var target = default(CheckingTarget);
        int idle = 0;
        while (target.Next < Entries)
        {
            if (ring.Reset(ref target).Entries != 0)
                idle = 0;
            else
                crew.Idle(ref idle, $"the harvest of entry {target.Next}");
        }
    }

    private static void Check(ulong sequence, uint slot, ulong offset)
    {
        if (slot != SlotOf(sequence) || offset != OffsetOf(sequence))
        {
            throw new InvalidOperationException(
                $"Entry {sequence} is {slot:x}:{offset:x}, and should be {SlotOf(sequence):x}:{OffsetOf(sequence):x}.");
        }
    }

    private struct CheckingSink : IDirtyEntrySink
    {
        public ulong Next { get; private set; }

        public void Accept(uint slot, ulong offset) => Check(Next++, slot, offset);
    }

    private struct CheckingTarget : IResetTarget
    {
        public ulong Next { get; private set; }

        public readonly ulong PagesIn(uint slot) => ulong.MaxValue;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            if (mask != 1)
                throw new InvalidOperationException($"Entry {Next} is reset with mask {mask:x}.");
            Check(Next++, slot, baseOffset);
        }
    }
}
