using RingKit.Interleaving;
using RingKit.Rings;
using RingKit.Rings.Cores;
using RingKit.Rings.Waiting;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;
using Scene = RingKit.Properties.Rings.RingScene<RingKit.Rings.Cores.MpscCore<ulong, RingKit.Interleaving.ModelOrdering>>;

namespace RingKit.Properties.Rings;

/// <summary>What happens at the edges of an MPSC ring, a few calls each.</summary>
internal static class MpscScenes
{
    public static IReadOnlyList<ModelProgram> All { get; } =
    [
        Program("what a producer did before it completed the ring", FullPolicy.Reject, _ => { },
            s =>
            {
                O.WritePlain(ref s.Note, 1ul);
                s.Ring.Complete();
            },
            s =>
            {
                if (s.Ring.IsCompleted())
                    Assert.Equal(1ul, O.ReadPlain(ref s.Note));
            }),
        Program("a loan that takes nothing, and is overwritten", FullPolicy.OverwriteOldest, ring => ring.TryPush(0, 1ul),
            s =>
            {
                RingLoan<ulong> loan = s.Ring.Peek(1);
                Assert.True(loan.Count == 0 || O.ReadPlain(in loan.First[0]) is 1 or 2);
                loan.Release(0);
            },
            s => s.Ring.Push<BusyWait>(0, [2], TimeSpan.Zero)),

        // The first one's item, the second one drops it, and either may be the one to write into its slot: the third one's is the proof.
        Program("an item is dropped for a third producer", FullPolicy.OverwriteOldest, _ => { },
            s => s.Ring.TryPush(0, 1ul),
            s => s.Ring.Push<BusyWait>(0, [2], TimeSpan.Zero),
            s => s.Ring.TryPush(0, 3ul)),
        Program("an empty loan is released while items are dropped", FullPolicy.OverwriteOldest, _ => { },
            [
                s => s.Ring.Peek(1).Release(0),
                PushTwo,
            ],
            OneItemIsThere),
        Program("an item is dropped, and the consumer hands the slot on", FullPolicy.OverwriteOldest, _ => { },
            PushTwo,
            s => s.Ring.Peek(0),
            s => s.Ring.TryPush(0, 3ul)),
        Program("count and statistics while items are dropped", FullPolicy.OverwriteOldest, ring => ring.TryPush(0, 1ul),
            s => s.Ring.Push<BusyWait>(0, [2], TimeSpan.Zero),
            s => s.Ring.Push<BusyWait>(0, [3], TimeSpan.Zero),
            s =>
            {
                ulong count = s.Ring.Count;
                RingStatistics statistics = s.Ring.Statistics;
                Assert.True(count <= statistics.Published, "more are there than were published");
                Assert.True(statistics.Consumed <= statistics.Published, "more were taken than were published");
            }),
        Program("statistics while an item is taken", FullPolicy.Reject, _ => { },
            s => s.Ring.TryPush(0, 1ul),
            s => s.Ring.TryPop(out _),
            s =>
            {
                RingStatistics statistics = s.Ring.Statistics;
                Assert.True(statistics.Consumed <= statistics.Published, "more were taken than were published");
            }),
        NoForeignIndices("room that another producer has seen first", ring => ring.TryPush(0, 1ul),
            s => Assert.True(s.Ring.TryPop(out _)),
            s => s.Ring.TryPush(0, 2ul),
            s => s.Ring.FreeSlots(1, out _)),
        NoForeignIndices("room that another producer has asked for first", ring => ring.TryPush(0, 1ul),
            s => Assert.True(s.Ring.TryPop(out _)),
            s =>
            {
                s.Ring.FreeSlots(1, out _);
                s.Ring.TryPush(0, 2ul);
            },
            s => s.Ring.FreeSlots(1, out _)),
        Program("a third process attaches to a ring whose head has moved", FullPolicy.Reject, _ => { },
            s => s.Ring.TryPush(0, 1ul),
            s => s.Ring.TryPop(out _),
            s => s.Attach()),
        Program("a third process attaches to a ring whose tail has moved on", FullPolicy.Reject, ring => ring.TryPush(0, 1ul),
            s => Assert.True(s.Ring.TryPop(out _)),
            s => s.Ring.TryPush(0, 2ul),
            s => s.Attach()),
        Program("the claim of a producer that died", FullPolicy.Reject, _ => { },
            s =>
            {
                RingClaim<ulong> claim = s.Ring.Claim(0, 1);
                if (claim.Count != 0)
                    O.WritePlain(ref claim.First[0], 1ul);
                O.StoreRelease(ref s.Flag, 1);
            },
            s =>
            {
                if (O.LoadAcquire(ref s.Flag) == 1)
                    s.Ring.SkipUncommitted();
            },
            s => s.Ring.TryPush(0, 2ul)),
    ];

    private static void PushTwo(Scene s)
    {
        s.Ring.Push<BusyWait>(0, [1], TimeSpan.Zero);
        s.Ring.Push<BusyWait>(0, [2], TimeSpan.Zero);
    }

    private static void OneItemIsThere(Scene s)
    {
        ulong dropped = s.Ring.Statistics.Dropped;
        Assert.Equal((true, false), (s.Ring.TryPop(out _), s.Ring.TryPop(out _)));
        Assert.Equal(s.Ring.Statistics.Published, dropped + 1);
    }

    private static ModelProgram Program(
        string name, FullPolicy policy, Action<MpscCore<ulong, O>> before, params Action<Scene>[] threads) =>
        Program(name, policy, before, threads, check: null);

    // The ring is nobody's but these threads': no index can be out of range.
    private static ModelProgram NoForeignIndices(string name, Action<MpscCore<ulong, O>> before, params Action<Scene>[] threads) =>
        Program(name, FullPolicy.Reject, before, threads, s => Assert.Equal(0ul, s.Ring.Statistics.ForeignIndices));

    private static ModelProgram Program(
        string name, FullPolicy policy, Action<MpscCore<ulong, O>> before, Action<Scene>[] threads, Action<Scene>? check) =>
        Scene.Program(
            $"MPSC: {name}",
            new RingShape(SharedRingLayout.KindMpsc, sizeof(ulong), Capacity: 1, (uint)policy, Cursors: 0),
            (memory, shape) => new MpscCore<ulong, O>(memory, shape, canSleep: false, isShared: true),
            before,
            threads,
            check);
}
