using RingKit.Mmu;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Ordering;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>
/// Threads that fault side by side and walk without a lock, while another takes blocks away, gives others, protects and collapses: a walk never ends in a frame
/// that was given back, and every reference is counted.
/// </summary>
public sealed class Stage2UnmapThreads : IDisposable
{
    private const int Blocks = 8, Generations = 16, Vcpus = 3;
    private const long GivenBack = -1;
    private const int Steps = 20_000;

    private readonly Stage2Core<HardwareOrdering> _table = new(new Stage2Geometry(Stage2Geometry.DefaultIpaBits), maxTables: 64);
    private readonly MmuLock<HardwareOrdering> _lock = new();

    // Which frame a block has, by its number's remainder, changed by who is alone; and of what block each frame is.
    private readonly int[] _generations = new int[Blocks];
    private readonly long[] _frames = new long[Blocks * Generations];

    // An invalidation counts up, and waits until all have seen it, between two walks.
    private readonly long[] _answers = new long[Vcpus];
    private long _requests;
    private int _running = Vcpus;

    [Fact]
    public void A_walk_never_ends_in_a_frame_that_was_given_back()
    {
        int seed = Environment.TickCount, steps = LongRun.IsOn ? Steps * 20 : Steps;
        var crew = new Crew(TimeSpan.FromSeconds(LongRun.IsOn ? 600 : 60));
        Array.Fill(_frames, GivenBack);
        for (int block = 0; block < Blocks; block++)
            _frames[block] = block;
        try
        {
            (string, Action) host = ("host", () => RunHost(crew, new Random(seed)));
            crew.Run(
            [
                host,
                .. Enumerable.Range(0, Vcpus).Select(vcpu => ($"vCPU {vcpu}", (Action)(() => RunVcpu(crew, vcpu, new Random(seed + 1 + vcpu), steps)))),
            ]);
            ReferenceCounts.Check(_table);
            var thread = default(QuietThread);
            Assert.Equal(Errno.None, _table.Unmap(ref thread, 0, Blocks * Block));
            Assert.Equal(0, _table.Pool.CountInUse());
            Assert.Equal(0, _table.Pool.TakenTables);
        }
        catch
        {
            Report.Line($"{nameof(Stage2UnmapThreads)}: seed {seed}");
            throw;
        }
    }

    public void Dispose()
    {
        _table.Dispose();
        _lock.Dispose();
    }

    private static int FrameOf(int block, int generation) => (generation % Generations * Blocks) + block;

    private void RunVcpu(Crew crew, int self, Random random, int steps)
    {
        var thread = new WaitingThread(crew, () => Answer(self), () => Invalidate(crew, self));
        using var cache = new TableCache<HardwareOrdering>(_table.Pool, 4);
        try
        {
            for (int step = 0; step < steps; step++)
            {
                Answer(self);
                ulong ipa = (ulong)random.Next(Blocks * 512) * Page;
                Look(ipa, random);
                Assert.Equal(Errno.None, cache.TopUp(2));
                Fault(ref thread, cache, ipa, random.Next(6));
                Look(ipa, random);
            }
        }
        finally
        {
            Volatile.Write(ref _answers[self], long.MaxValue);
            Interlocked.Decrement(ref _running);
        }
    }

    // Between two answers whatever a walk finds is there, however long that takes.
    private void Look(ulong ipa, Random random)
    {
        Stage2Walk walk = _table.Walk(ipa);
        if (!walk.IsMapped)
            return;
        if (random.Next(8) == 0)
            Thread.Yield();
        ulong output = walk.OutputAddress(ipa);
        Assert.Equal(ipa % Block, output % Block);
        Assert.Equal((long)(ipa / Block), Volatile.Read(ref _frames[output / Block]));
    }

    private void Fault(ref WaitingThread thread, TableCache<HardwareOrdering> cache, ulong ipa, int kind)
    {
        int block = (int)(ipa / Block);
        _lock.EnterShared(ref thread);
        int generation = _generations[block];
        ulong output = (ulong)FrameOf(block, generation) * Block;
        Errno error = kind switch
        {
            0 => _table.Split(ref thread, ipa, cache),
            1 => _table.Relax(ref thread, ipa, Stage2Protection.Write),
            2 => _table.SetYoung(ref thread, ipa),
            3 => _table.Map(ref thread, ipa / Block * Block, 2, output, ReadOnly, cache, mayFreeTables: false, out _),
            _ => _table.Map(ref thread, ipa, 3, output + (ipa % Block), ReadOnly, cache, mayFreeTables: false, out _),
        };
        Stage2Walk walk = _table.Walk(ipa);
        Assert.True(!walk.IsMapped || walk.OutputAddress(ipa) == output + (ipa % Block), "what was unmapped is back");
        Assert.Equal(generation, _generations[block]);
        _lock.ExitShared();
        Assert.Contains(error, kind == 3 ? (Errno[])[Errno.None, Errno.Again, Errno.Busy] : [Errno.None, Errno.Again]);
    }

    private void RunHost(Crew crew, Random random)
    {
        var thread = new WaitingThread(crew, null, () => Invalidate(crew, self: -1));
        for (int turn = 0; Volatile.Read(ref _running) != 0; turn++)
        {
            int block = random.Next(Blocks);
            ulong ipa = (ulong)block * Block;
            _lock.Enter(ref thread);
            switch (random.Next(4))
            {
                case 0:
                    Assert.Equal(Errno.None, _table.WriteProtect(ref thread, ipa, Block, out _));
                    break;
                case 1:
                    Assert.Equal(Errno.None, _table.ClearYoung(ref thread, ipa, Block, out _));
                    break;
                case 2:
                    Assert.Contains(_table.Collapse(ref thread, ipa, 2), (Errno[])[Errno.None, Errno.Invalid]);
                    break;
                default:
                    Replace(ref thread, block);
                    break;
            }

            _lock.Exit();
            Thread.Yield();
        }
    }

    private void Replace(ref WaitingThread thread, int block)
    {
        Assert.Equal(Errno.None, _table.Unmap(ref thread, (ulong)block * Block, Block));
        Volatile.Write(ref _frames[FrameOf(block, _generations[block])], GivenBack);
        _generations[block]++;
        Volatile.Write(ref _frames[FrameOf(block, _generations[block])], block);
    }

    private void Answer(int self) => Volatile.Write(ref _answers[self], Interlocked.Read(ref _requests));

    private void Invalidate(Crew crew, int self)
    {
        long ticket = Interlocked.Increment(ref _requests);
        int rounds = 0;
        for (int vcpu = 0; vcpu < Vcpus; vcpu++)
        {
            while (vcpu != self && Volatile.Read(ref _answers[vcpu]) < ticket)
            {
                if (self >= 0)
                    Answer(self);
                crew.Idle(ref rounds, "an answer");
            }
        }
    }
}
