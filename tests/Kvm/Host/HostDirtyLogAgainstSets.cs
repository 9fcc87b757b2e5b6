using RingKit.Bitmaps;
using RingKit.Kvm.Host;
using RingKit.Properties;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests.Host;

/// <summary>Several threads write, one harvests: against sets of the pages that they wrote, and against the memory itself.</summary>
[Collection(RunAlone.Name)]
public sealed class HostDirtyLogAgainstSets
{
    private const int Writers = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(LongRun.IsOn ? 3600 : 120);

    [Fact]
    public void Round_after_round_the_pages_are_those_that_the_threads_wrote()
    {
        const int Pages = 20_000;
        int rounds = LongRun.IsOn ? 20_000 : 150;
        using var memory = new HostMemory(Pages);
        HashSet<int>[] sets = [.. Enumerable.Range(0, Writers).Select(_ => new HashSet<int>())];
        using var begun = new Barrier(Writers + 1);
        using var written = new Barrier(Writers + 1);
        ulong total = 0;
        var crew = new Crew(Deadline);
        (string, Action)[] writers = [.. Enumerable.Range(0, Writers).Select(id => ($"writer {id}", (Action)(() =>
        {
            var random = new Random(1000 + id);
            for (int round = 0; round < rounds; round++)
            {
                sets[id].Clear();
                for (int writes = random.Next(400); writes > 0; writes--)
                {
                    // Scattered, or in a run, or where the others write too.
                    int first = random.Next(3) == 0 ? random.Next(64) : random.Next(Pages);
                    int count = Math.Min(random.Next(8) == 0 ? random.Next(200) : 1, Pages - first);
                    for (int page = first; page < first + count; page++)
                    {
                        WordOf(memory, page, id)++;
                        sets[id].Add(page);
                    }
                }

                Meet(written);
                Meet(begun);
            }
        })))];
        crew.Run([.. writers, ("harvester", () =>
        {
            List<int> found = [];
            ulong[] indices = new ulong[100];
            for (int round = 0; round < rounds; round++)
            {
                Meet(written);
                found.Clear();
                var sink = new PageList(found);
                ulong cursor = 0;
                switch (round % 3)
                {
                    case 0:
                        memory.Log.HarvestMasks(ref sink);
                        break;
                    case 1:
                        memory.Log.HarvestRuns(ref sink);
                        break;
                    default:
                        while (memory.Log.HarvestIndices(indices, ref cursor) is > 0 and var count)
                            found.AddRange(indices.Take(count).Select(page => (int)page));
                        break;
                }

                HashSet<int> all = [.. sets.SelectMany(set => set)];
                Assert.Equal(all.Order(), found);
                total += (ulong)all.Count;
                Meet(begun);
            }
        })]);
        Report.Line($"{rounds} rounds of {Writers} threads: {total} pages, all of them and no others");
    }

    [Fact]
    public void While_threads_write_nothing_is_lost_and_what_is_copied_equals_the_memory_in_the_end()
    {
        // Each page has a word for each writer, who counts in it: what the copy lacks in the end shows which page was lost, and how many writes to it.
        const int Pages = 3000;
        int writesEach = LongRun.IsOn ? 200_000_000 : 1_500_000;
        using var memory = new HostMemory(Pages, regions: 64);
        ulong[,] copy = new ulong[Pages, Writers];
        ulong[] written = new ulong[Writers];
        int running = Writers;
        int harvests = 0;
        ulong taken = 0;
        var crew = new Crew(Deadline);
        (string, Action)[] writers = [.. Enumerable.Range(0, Writers).Select(id => ($"writer {id}", (Action)(() =>
        {
            ulong state = (ulong)id + 1;
            try
            {
                for (int i = 0; i < writesEach; i++)
                {
                    state = (state * 6364136223846793005) + 1442695040888963407;
                    int page = (int)((state >> 40) % ((state >> 33 & 7) == 0 ? Pages : 100ul));
                    WordOf(memory, page, id)++;
                    written[id]++;
                }
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        })))];
        crew.Run([.. writers, ("harvester", () =>
        {
            using var take = new HostDirtyTake(memory.Log);
            var copier = new Copier(memory, copy);
            for (bool isLast = false; !isLast; harvests++)
            {
                isLast = Volatile.Read(ref running) == 0;
                switch (harvests % 3)
                {
                    case 0:
                        memory.Log.HarvestMasks(ref copier);
                        break;
                    case 1:
                        memory.Log.HarvestRuns(ref copier);
                        break;
                    default:
                        // A transfer whose first half fails.
                        take.Take();
                        take.PutBack(0, Pages / 2);
                        take.ReadMasks(ref copier);
                        take.Confirm();
                        memory.Log.HarvestMasks(ref copier);
                        break;
                }
            }

            taken = copier.Taken;
        })]);

        for (int id = 0; id < Writers; id++)
        {
            ulong sum = 0;
            for (int page = 0; page < Pages; page++)
            {
                Assert.Equal(WordOf(memory, page, id), copy[page, id]);
                sum += copy[page, id];
            }

            Assert.Equal(written[id], sum);
        }

        Assert.Empty(memory.Harvest());
        Report.Line($"{Writers} threads wrote {(ulong)Writers * (ulong)writesEach} times; {harvests} harvests took {taken} pages; the copy equals the memory");
    }

    [Fact]
    public void A_page_is_never_reported_that_nobody_wrote_while_others_are_written()
    {
        // Even pages are written all the time, odd ones never.
        const int Pages = 4000;
        using var memory = new HostMemory(Pages);
        bool stop = false;
        new Crew(Deadline).Run(("writer", Write), ("harvester", Harvest));

        void Write()
        {
            for (int page = 0; !Volatile.Read(ref stop); page = (page + 2) % Pages)
                WordOf(memory, page, 0)++;
        }

        void Harvest()
        {
            try
            {
                int seen = 0;
                for (int round = 0; round < 300; round++)
                {
                    int[] found = memory.Harvest();
                    Assert.DoesNotContain(found, page => page % 2 != 0);
                    seen += found.Length;
                }

                Assert.True(seen > 0);
            }
            finally
            {
                Volatile.Write(ref stop, true);
            }
        }
    }

    private static void Meet(Barrier barrier)
    {
        if (!barrier.SignalAndWait(TimeSpan.FromSeconds(20)))
            throw new TimeoutException("The other threads did not come.");
    }

    // A cache line for each writer.
    private static ref ulong WordOf(HostMemory memory, int page, int writer) =>
        ref memory.Block.View.Cast<ulong>()[(nuint)((page * HostMemory.PageSize) + (writer * 128)) / sizeof(ulong)];

    private struct Copier(HostMemory memory, ulong[,] copy) : IDirtyMaskSink, IDirtyRunSink
    {
        public ulong Taken { get; private set; }

        void IDirtyMaskSink.Accept(ulong firstPage, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                Copy(firstPage + ulong.TrailingZeroCount(mask));
        }

        void IDirtyRunSink.Accept(ulong firstPage, ulong pageCount)
        {
            for (ulong page = firstPage; page < firstPage + pageCount; page++)
                Copy(page);
        }

        private void Copy(ulong page)
        {
            for (int writer = 0; writer < Writers; writer++)
                copy[page, writer] = Volatile.Read(ref WordOf(memory, (int)page, writer));
            Taken++;
        }
    }
}
