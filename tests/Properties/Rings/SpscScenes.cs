using RingKit.Interleaving;
using RingKit.Rings;
using RingKit.Rings.Cores;
using RingKit.Rings.Waiting;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;
using Scene = RingKit.Properties.Rings.RingScene<RingKit.Rings.Cores.SpscCore<ulong, RingKit.Interleaving.ModelOrdering>>;

namespace RingKit.Properties.Rings;

/// <summary>What happens at the edges of an SPSC ring, a few calls each.</summary>
internal static class SpscScenes
{
    public static IReadOnlyList<ModelProgram> All { get; } =
    [
        // The producer saw the head before the loan; when it drops, the head is the same again, and the loan's reads have to be done.
        Program("a loan that takes nothing, and is overwritten", FullPolicy.OverwriteOldest, ring => ring.TryPush(1ul),
            s =>
            {
                RingLoan<ulong> loan = s.Ring.Peek(1);
                Assert.True(loan.Count == 0 || O.ReadPlain(in loan.First[0]) is 1 or 2);
                loan.Release(0);
            },
            s => s.Ring.Push<BusyWait>([2], TimeSpan.Zero)),
        Program("an empty loan is released while items are dropped", FullPolicy.OverwriteOldest, _ => { },
            [
                s => s.Ring.Peek(1).Release(0),
                PushTwo,
            ],
            OneItemIsThere),
        Program("count while items are dropped", FullPolicy.OverwriteOldest, _ => { }, PushTwo, Count),
        Program("count while items are dropped and looked for", FullPolicy.OverwriteOldest, _ => { },
            PushTwo,
            s => s.Ring.Peek(0),
            Count),
        Program("statistics while an item is taken", FullPolicy.Reject, _ => { },
            s => s.Ring.TryPush(1ul),
            s => s.Ring.TryPop(out _),
            s =>
            {
                RingStatistics statistics = s.Ring.Statistics;
                Assert.True(statistics.Consumed <= statistics.Published, "more were taken than were published");
            }),
        Program("a new producer attaches while the consumer reads", FullPolicy.Reject, ring => ring.TryPush(1ul),
            s => Assert.True(s.Ring.TryPop(out _)),
            s => s.Attach().TryPush(2ul)),
        Program("a ring is made while another thread looks for one", FullPolicy.Reject, before: null,
            s =>
            {
                s.Shape.Format<O>(s.Memory, startIndex: 0);
                Assert.True(s.Attach().TryPush(1ul));
            },
            s =>
            {
                if (!IsThere(s))
                    return;
                if (s.Attach().TryPop(out ulong item))
                    Assert.Equal(1ul, item);
            }),
    ];

    private static void Count(Scene s)
    {
        ulong count = s.Ring.Count;
        Assert.True(count <= s.Ring.Statistics.Published, "more are there than were published");
    }

    private static bool IsThere(Scene s)
    {
        try
        {
            Assert.Equal(s.Shape, RingShape.Read<O>(s.Memory, SharedRingLayout.KindSpsc, sizeof(ulong)));
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static void PushTwo(Scene s)
    {
        s.Ring.Push<BusyWait>([1], TimeSpan.Zero);
        s.Ring.Push<BusyWait>([2], TimeSpan.Zero);
    }

    private static void OneItemIsThere(Scene s)
    {
        ulong dropped = s.Ring.Statistics.Dropped;
        Assert.Equal((true, false), (s.Ring.TryPop(out _), s.Ring.TryPop(out _)));
        Assert.Equal(s.Ring.Statistics.Published, dropped + 1);
    }

    private static ModelProgram Program(
        string name, FullPolicy policy, Action<SpscCore<ulong, O>>? before, params Action<Scene>[] threads) =>
        Program(name, policy, before, threads, check: null);

    private static ModelProgram Program(
        string name, FullPolicy policy, Action<SpscCore<ulong, O>>? before, Action<Scene>[] threads, Action<Scene>? check) =>
        Scene.Program(
            $"SPSC: {name}",
            new RingShape(SharedRingLayout.KindSpsc, sizeof(ulong), Capacity: 1, (uint)policy, Cursors: 0),
            (memory, shape) => new SpscCore<ulong, O>(memory, shape, canSleep: false, isShared: true),
            before,
            threads,
            check);
}
