using RingKit.Mmu.Guest;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Stage2;

/// <summary>The lock of a page table, on threads; on the model of memory it is <see cref="Model.ExploredMmuLock"/>'s.</summary>
public sealed class MmuLockTests
{
    private const int Rounds = 20_000, Words = 8;

    [Fact]
    public void Who_shares_reads_what_one_alone_wrote_as_a_whole()
    {
        using var mmuLock = new MmuLock<HardwareOrdering>();
        var crew = new Crew(TimeSpan.FromSeconds(60));
        long[] words = new long[Words];
        crew.Run(
            ("writer 0", Write), ("writer 1", Write), ("reader 0", Read), ("reader 1", Read));
        Assert.All(words, word => Assert.Equal(2 * Rounds, word));

        void Write()
        {
            var thread = new WaitingThread(crew);
            for (int round = 0; round < Rounds; round++)
            {
                mmuLock.Enter(ref thread);
                for (int i = 0; i < Words; i++)
                    words[i]++;
                mmuLock.Exit();
            }
        }

        void Read()
        {
            var thread = new WaitingThread(crew);
            for (long seen = 0; seen < 2 * Rounds;)
            {
                mmuLock.EnterShared(ref thread);
                long first = words[0];
                Assert.InRange(first, seen, 2 * Rounds);
                Assert.All(words, word => Assert.Equal(first, word));
                seen = first;
                mmuLock.ExitShared();
            }
        }
    }

    [Fact]
    public void Shares_are_held_side_by_side()
    {
        using var mmuLock = new MmuLock<HardwareOrdering>();
        var refusing = new RefusingThread();
        mmuLock.EnterShared(ref refusing);
        mmuLock.EnterShared(ref refusing);
        Assert.Throws<InvalidOperationException>(() => TryEnter(mmuLock));
        mmuLock.ExitShared();
        mmuLock.ExitShared();
    }

    [Fact]
    public void Alone_is_alone()
    {
        using var mmuLock = new MmuLock<HardwareOrdering>();
        var refusing = new RefusingThread();
        mmuLock.Enter(ref refusing);
        Assert.Throws<InvalidOperationException>(() => TryEnter(mmuLock));
        Assert.Throws<InvalidOperationException>(() => TryShare(mmuLock));
        mmuLock.Exit();
        mmuLock.EnterShared(ref refusing);
        mmuLock.ExitShared();
        mmuLock.Enter(ref refusing);
        mmuLock.Exit();
    }

    [Fact]
    public void Who_waits_to_be_alone_keeps_newcomers_out_and_comes_in_when_the_last_share_ends()
    {
        using var mmuLock = new MmuLock<HardwareOrdering>();
        var refusing = new RefusingThread();
        mmuLock.EnterShared(ref refusing);
        mmuLock.EnterShared(ref refusing);
        int waits = 0;
        var waiting = new WaitingThread(null, () =>
        {
            Assert.Throws<InvalidOperationException>(() => TryShare(mmuLock));
            if (waits++ < 2)
                mmuLock.ExitShared();
        });
        mmuLock.Enter(ref waiting);
        Assert.Equal(2, waits);
        Assert.Throws<InvalidOperationException>(() => TryShare(mmuLock));
        mmuLock.Exit();
        mmuLock.EnterShared(ref refusing);
        mmuLock.ExitShared();
    }

    private static void TryEnter(MmuLock<HardwareOrdering> mmuLock)
    {
        var refusing = new RefusingThread();
        mmuLock.Enter(ref refusing);
    }

    private static void TryShare(MmuLock<HardwareOrdering> mmuLock)
    {
        var refusing = new RefusingThread();
        mmuLock.EnterShared(ref refusing);
    }

    // Does not wait: an announcement that it has made stays.
    private readonly struct RefusingThread : IStage2HostThread
    {
        public void Relax() => throw new InvalidOperationException("It would wait.");

        public void MarkDirty(MemorySlot slot, ulong offset)
        {
        }

        public void InvalidateIpa(ulong ipa, int level)
        {
        }

        public void InvalidateRange(ulong ipa, ulong size)
        {
        }

        public void InvalidateAll()
        {
        }

        public void InvalidateLocal(ulong ipa, int level)
        {
        }

        public void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after)
        {
        }

        public void TableTaken(ulong table)
        {
        }

        public void TableFreed(ulong table)
        {
        }
    }
}
