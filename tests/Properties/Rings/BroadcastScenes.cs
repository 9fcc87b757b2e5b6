using RingKit.Interleaving;
using RingKit.Rings;
using RingKit.Rings.Cores;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;
using Scene = RingKit.Properties.Rings.RingScene<RingKit.Rings.Cores.BroadcastCore<ulong, RingKit.Interleaving.ModelOrdering>>;

namespace RingKit.Properties.Rings;

/// <summary>What happens when readers of a broadcast ring come and go, or are thrown out, a few calls each.</summary>
internal static class BroadcastScenes
{
    public static IReadOnlyList<ModelProgram> All { get; } =
    [
        .. new[] { LaggardPolicy.DropOldest, LaggardPolicy.Detach }.SelectMany(WhereLaggardsLose),

        // A dead reader's reads are done when whoever throws it out knows of its death.
        Program("a reader that died is thrown out", LaggardPolicy.DropOldest, JoinAndWrite,
            s =>
            {
                RingLoan<ulong> loan = s.Ring.Peek(0, 1);
                if (loan.Count != 0)
                    Assert.True(O.ReadPlain(in loan.First[0]) is 1 or 2);
                O.StoreRelease(ref s.Flag, 1);
            },
            s =>
            {
                if (O.LoadAcquire(ref s.Flag) == 1)
                    s.Ring.Detach(0);
            },
            s => s.Ring.TryWrite(2ul)),
        Program("why a reader was thrown out", LaggardPolicy.Block, JoinAndWrite,
            s =>
            {
                O.WritePlain(ref s.Note, 1ul);
                s.Ring.Detach(0);
            },
            s =>
            {
                if (s.Ring.IsDetached(0))
                    Assert.Equal(1ul, O.ReadPlain(ref s.Note));
            }),
        Program("a reader takes another one's place", LaggardPolicy.DropOldest, JoinAndWrite,
            s =>
            {
                s.Ring.TryRead(0, out _, out _);
                s.Ring.Leave(0);
            },
            s => s.Ring.Join()),
        Program("a reader joins again, and is thrown out while it does", LaggardPolicy.Block, JoinAndWrite,
            s =>
            {
                if (s.Ring.TryRead(0, out ulong item, out _))
                    Assert.Equal(1ul, item);
                s.Ring.Leave(0);
                s.Ring.Join();
            },
            s => s.Ring.Detach(0),
            s => s.Ring.TryWrite(2ul)),
        Program("a reader joins while another thread looks who lags", LaggardPolicy.Block, _ => { },
            s => s.Ring.TryWrite(1ul),
            s => s.Ring.Join(),
            LookWhoLags),
        Program("a reader joins and is thrown out while another thread looks who lags", LaggardPolicy.Block, _ => { },
            s => s.Ring.TryWrite(1ul),
            s => s.Ring.Join(),
            s => s.Ring.Detach(0),
            LookWhoLags),
    ];

    private static IEnumerable<ModelProgram> WhereLaggardsLose(LaggardPolicy policy) =>
    [
        // The writer saw the cursor before the loan; when it moves it, it is the same again, and the loan's reads have to be done.
        Program("a loan that takes nothing, and is overwritten", policy, JoinAndWrite,
            s =>
            {
                RingLoan<ulong> loan = s.Ring.Peek(0, 1);
                Assert.True(loan.Count == 0 || O.ReadPlain(in loan.First[0]) is 1 or 2);
                loan.Release(0);
            },
            s => s.Ring.TryWrite(2ul)),
        Program("a reader is thrown out in the middle of a read", policy, JoinAndWrite,
            s =>
            {
                if (s.Ring.TryRead(0, out ulong item, out ulong gap))
                    Assert.Equal(1 + gap, item);
            },
            s => s.Ring.Detach(0),
            s => s.Ring.TryWrite(2ul)),
        Program("a batch is thrown away", policy, JoinAndWrite,
            s =>
            {
                Span<ulong> items = stackalloc ulong[1];
                if (s.Ring.Read(0, items, out ulong gap) != 0)
                    Assert.Equal(1 + gap, items[0]);
            },
            s => s.Ring.Detach(0),
            s => s.Ring.TryWrite(2ul)),
        Program("a reader loses an item while another thread looks who lags", policy, ring => ring.Join(),
            WriteTwo,
            LookWhoLags),
        Program("a reader meets a gap while another thread looks who lags", policy, ring => ring.Join(),
            WriteTwo,
            s => s.Ring.TryRead(0, out _, out _),
            LookWhoLags),
    ];

    private static void WriteTwo(Scene s)
    {
        s.Ring.TryWrite(1ul);
        s.Ring.TryWrite(2ul);
    }

    private static void JoinAndWrite(BroadcastCore<ulong, O> ring)
    {
        ring.Join();
        ring.TryWrite(1ul);
    }

    private static void LookWhoLags(Scene s)
    {
        ulong lag = s.Ring.Slowest.Items;
        Assert.True(lag <= s.Ring.Statistics.Published, "a reader lags by more than was published");
    }

    private static ModelProgram Program(
        string name, LaggardPolicy policy, Action<BroadcastCore<ulong, O>> before, params Action<Scene>[] threads) =>
        Scene.Program(
            $"broadcast: {name}, {policy}",
            new RingShape(SharedRingLayout.KindBroadcast, sizeof(ulong), Capacity: 1, (uint)policy, Cursors: 1),
            (memory, shape) => new BroadcastCore<ulong, O>(memory, shape, manyWriters: false, canSleep: false, isShared: true),
            before,
            threads);
}
