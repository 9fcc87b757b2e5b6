using RingKit.Bitmaps;
using RingKit.Kvm.Host;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests.Host;

/// <summary>What is written is reported, once and exactly, in every form of harvest.</summary>
public sealed class HostDirtyLogTests
{
    [Fact]
    public void A_page_that_is_written_is_harvested_once()
    {
        using var memory = new HostMemory(200);
        Assert.Empty(memory.Harvest());
        memory.Write(5, 64, 65, 199);
        memory.Write(65);
        Assert.Equal([5, 64, 65, 199], memory.Harvest());
        Assert.Empty(memory.Harvest());
        memory.Write(65);
        Assert.Equal([65], memory.Harvest());
    }

    [Fact]
    public void What_was_written_before_the_log_is_not_reported()
    {
        HostMemory.SkipWhereMissing();
        using var block = new NativeBlock<byte>((nuint)(10 * HostMemory.PageSize), (nuint)HostMemory.PageSize);
        block.View.AsSpan().Fill(7);
        using var log = new HostDirtyLog(block.View);
        Assert.Empty(HostMemory.Harvest(log));
        block[0] = 7;
        Assert.Equal([0], HostMemory.Harvest(log));
    }

    [Fact]
    public void Reading_a_page_that_is_not_there_yet_is_no_write_and_writing_it_afterwards_is()
    {
        using var memory = new HostMemory(100);
        int sum = 0;
        for (int page = 0; page < 100; page++)
            sum += memory.Read(page);
        Assert.Equal(0, sum);
        Assert.Empty(memory.Harvest());
        memory.Write(42);
        Assert.Equal([42], memory.Harvest());
        for (int page = 0; page < 100; page++)
            sum += memory.Read(page);
        Assert.Equal(1, sum);
        Assert.Empty(memory.Harvest());
    }

    [Fact]
    public void What_the_kernel_writes_is_reported_like_any_other_write()
    {
        using var memory = new HostMemory(100);
        string path = Path.GetTempFileName();
        try
        {
            byte[] content = new byte[3 * HostMemory.PageSize];
            new Random(Seed: 7).NextBytes(content);
            File.WriteAllBytes(path, content);
            using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path);
            Span<byte> destination = memory.Block.View.Slice((nuint)(10 * HostMemory.PageSize) + 100, (nuint)content.Length).AsSpan();
            Assert.Equal(content.Length, RandomAccess.Read(file, destination, 0));
            Assert.Equal([10, 11, 12, 13], memory.Harvest());
            Assert.True(destination.SequenceEqual(content));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(1024)]
    public void With_little_room_for_regions_the_kernel_goes_on_where_it_stopped(int regions)
    {
        const int Pages = 2000;
        using var memory = new HostMemory(Pages, regions);
        int[] written = [.. Enumerable.Range(0, Pages).Where(page => page % 5 == 0 || page is > 700 and < 900)];
        for (int round = 0; round < 3; round++)
        {
            memory.Write(written);
            List<int> found = [];
            var sink = new PageList(found);
            memory.Log.HarvestRuns(ref sink);
            Assert.Equal(written, found);
        }

        ulong runs = 3 * (ulong)written.Where((page, i) => i == 0 || written[i - 1] != page - 1).Count();
        HostDirtyLogStatistics statistics = memory.Log.Statistics;
        Assert.Equal(3 * (ulong)written.Length, statistics.Pages);
        Assert.InRange(statistics.Regions, runs, statistics.Pages);
        Assert.InRange(statistics.Scans, Math.Max(3, runs / (ulong)regions), 3 + (statistics.Regions / (ulong)regions));
    }

    [Fact]
    public void A_run_reaches_over_words_and_over_what_the_kernel_reports_at_once()
    {
        using var memory = new HostMemory(3000, regions: 1);
        foreach (int page in Enumerable.Range(10, 2500))
            memory.Write(page);
        List<int> found = [];
        var sink = new PageList(found);   // which refuses runs that could be one
        memory.Log.HarvestRuns(ref sink);
        Assert.Equal(Enumerable.Range(10, 2500), found);
    }

    [Fact]
    public void Single_pages_are_taken_as_there_is_room_and_the_cursor_goes_on()
    {
        using var memory = new HostMemory(500);
        int[] written = [0, 1, 2, 63, 64, 100, 101, 300, 499];
        memory.Write(written);
        memory.Log.Mark(101);
        memory.Log.Mark(400);
        ulong[] few = new ulong[2];
        ulong cursor = 0;
        List<int> found = [];
        Assert.Equal(0, memory.Log.HarvestIndices([], ref cursor));
        while (memory.Log.HarvestIndices(few, ref cursor) is > 0 and int count)
        {
            Assert.True(cursor > few[count - 1]);
            found.AddRange(few.Take(count).Select(page => (int)page));
        }

        Assert.Equal(500ul, cursor);
        Assert.Equal([.. written[..^1], 400, 499], found);
        Assert.Empty(memory.Harvest());
    }

    [Fact]
    public void A_part_is_harvested_up_to_its_end_or_its_budget_and_the_rest_stays()
    {
        using var memory = new HostMemory(1000);
        int[] written = [3, 10, 11, 12, 70, 500, 501, 999];
        memory.Write(written);
        List<int> found = [];
        var sink = new PageList(found);
        ulong cursor = 5;
        Assert.Equal(2ul, memory.Log.HarvestMasks(ref sink, ref cursor, 501, maximumPages: 2));
        Assert.Equal([10, 11], found);
        found.Clear();
        Assert.Equal(3ul, memory.Log.HarvestRuns(ref sink, ref cursor, 501, maximumPages: 100));
        Assert.Equal([12, 70, 500], found);
        Assert.Equal(501ul, cursor);
        Assert.Equal([3, 501, 999], memory.Harvest());

        cursor = 7;
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => memory.Log.HarvestMasks(ref sink, ref cursor, 6, 1)).ParamName);
        Assert.Equal("end", Assert.Throws<ArgumentOutOfRangeException>(() => memory.Log.HarvestRuns(ref sink, ref cursor, 1001, 1)).ParamName);
    }

    [Fact]
    public void Looking_takes_nothing()
    {
        using var memory = new HostMemory(300);
        memory.Write(1, 2, 200);
        memory.Log.Mark(2);
        memory.Log.MarkRange(250, 3);
        for (int look = 0; look < 2; look++)
        {
            Assert.True(memory.Log.IsDirty(1));
            Assert.True(memory.Log.IsDirty(2));
            Assert.True(memory.Log.IsDirty(251));
            Assert.False(memory.Log.IsDirty(0));
            Assert.False(memory.Log.IsDirty(299));
            Assert.Equal(6ul, memory.Log.Count());
        }

        Assert.Equal([1, 2, 200, 250, 251, 252], memory.Harvest());
        Assert.Equal(0ul, memory.Log.Count());
    }

    [Fact]
    public void A_mark_says_whether_the_page_was_clean()
    {
        using var memory = new HostMemory(10);
        memory.Write(3);
        Assert.False(memory.Log.TryMark(3));
        Assert.True(memory.Log.TryMark(4));
        Assert.False(memory.Log.TryMark(4));
        Assert.Equal([3, 4], memory.Harvest());
        Assert.True(memory.Log.TryMark(3));
    }

    [Fact]
    public void What_is_cleared_is_forgotten_and_tracked_anew()
    {
        using var memory = new HostMemory(5000);
        for (int page = 0; page < 5000; page += 3)
            memory.Write(page);
        memory.Log.Mark(1);
        memory.Log.Clear();
        Assert.Empty(memory.Harvest());
        memory.Write(3, 4);
        Assert.Equal([3, 4], memory.Harvest());
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using var memory = new HostMemory(4000, regions: 100);
        using var take = new HostDirtyTake(memory.Log);
        ulong[] pages = new ulong[64];
        var counter = default(Counter);
        long allocated = Allocated.By(() =>
        {
            for (int way = 0; way < 6; way++)
            {
                for (int page = 0; page < 4000; page += 7)
                    memory.Write(page);
                ulong cursor = 0;
                switch (way)
                {
                    case 0:
                        memory.Log.HarvestMasks(ref counter);
                        break;
                    case 1:
                        memory.Log.HarvestRuns(ref counter);
                        break;
                    case 2:
                        while (memory.Log.HarvestIndices(pages, ref cursor) != 0)
                            counter.Pages += 64;
                        break;
                    case 3:
                        take.Take();
                        take.PutBack();
                        take.Take();
                        take.Confirm();
                        break;
                    case 4:
                        counter.Pages += memory.Log.Count() + (memory.Log.IsDirty(7) ? 1u : 0);
                        break;
                    default:
                        memory.Log.Clear();
                        break;
                }
            }
        });
        Assert.Equal(0, allocated);
        Assert.NotEqual(0ul, counter.Pages);
    }

    private struct Counter : IDirtyMaskSink, IDirtyRunSink
    {
        public ulong Pages;

        void IDirtyMaskSink.Accept(ulong firstPage, ulong mask) => Pages += ulong.PopCount(mask);

        void IDirtyRunSink.Accept(ulong firstPage, ulong pageCount) => Pages += pageCount;
    }
}
