using RingKit.Kvm.Host;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests.Host;

/// <summary>Bad arguments, memory that the kernel refuses, memory that goes while it is tracked, disposal: typed, one line, and nothing is left behind.</summary>
[Collection(RunAlone.Name)]
public sealed class HostDirtyLogRefusals
{
    [Fact]
    public void What_the_machine_offers_is_said_in_one_line()
    {
        var support = HostTrackingSupport.Read();
        Report.Line($"userfaultfd: {support.Userfaultfd}; host memory is tracked: {(support.IsOffered ? "yes" : support.WhyNot)}");
        Assert.Equal(support.IsOffered, support.WhyNot is null);
        if (support.IsOffered)
            Assert.True(support.Userfaultfd.HasFlag(UserfaultFeatures.WpAsync | UserfaultFeatures.WpUnpopulated));
        else
            Assert.DoesNotContain('\n', support.WhyNot!);
    }

    [Fact]
    public void Memory_that_is_not_whole_pages_is_refused_by_name()
    {
        HostMemory.SkipWhereMissing();
        nuint page = (nuint)HostMemory.PageSize;
        using var block = new NativeBlock<byte>(3 * page, page);
        int files = OpenFiles();
        Assert.Equal("memory", Assert.Throws<ArgumentException>(() => new HostDirtyLog(block.View.Slice(128, page))).ParamName);
        Assert.Equal("memory", Assert.Throws<ArgumentException>(() => new HostDirtyLog(block.View.Slice(0, page + 1))).ParamName);
        Assert.Equal("memory", Assert.Throws<ArgumentOutOfRangeException>(() => new HostDirtyLog(default)).ParamName);
        Assert.Equal("regions", Assert.Throws<ArgumentOutOfRangeException>(() => new HostDirtyLog(block.View, 0)).ParamName);
        Assert.Equal("regions", Assert.Throws<ArgumentOutOfRangeException>(() => new HostDirtyLog(block.View, HostDirtyLog.MaximumRegions + 1)).ParamName);
        NativeView<byte> view = block.View;
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => new HostDirtyLog(view));
        Assert.Equal("log", Assert.Throws<ArgumentNullException>(() => new HostDirtyTake(null!)).ParamName);
        Assert.Equal(files, OpenFiles());
    }

    [Fact]
    public void Pages_outside_are_refused_by_name()
    {
        using var memory = new HostMemory(100);
        HostDirtyLog log = memory.Log;
        Assert.Equal(100ul, log.Pages);
        Assert.Equal("page", Assert.Throws<ArgumentOutOfRangeException>(() => log.Mark(100)).ParamName);
        Assert.Equal("page", Assert.Throws<ArgumentOutOfRangeException>(() => log.TryMark(ulong.MaxValue)).ParamName);
        Assert.Equal("page", Assert.Throws<ArgumentOutOfRangeException>(() => log.IsDirty(100)).ParamName);
        Assert.Equal("page", Assert.Throws<ArgumentOutOfRangeException>(() => log.PageOf(100)).ParamName);
        Assert.Equal("first", Assert.Throws<ArgumentOutOfRangeException>(() => log.MarkRange(101, 0)).ParamName);
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => log.MarkRange(50, 51)).ParamName);
        ulong cursor = 101;
        Assert.Equal("cursor", Assert.Throws<ArgumentOutOfRangeException>(() => log.HarvestIndices(new ulong[1], ref cursor)).ParamName);
        Assert.Empty(memory.Harvest());
        memory.Write(99);
        Assert.Equal(1, log.PageOf(99)[0]);
    }

    [Fact]
    public void A_disposed_log_says_so_on_every_path()
    {
        using var memory = new HostMemory(100);
        HostDirtyLog log = memory.Log;
        log.Dispose();
        log.Dispose();
        var sink = new PageList([]);
        ulong cursor = 0;
        Assert.Throws<ObjectDisposedException>(() => log.Mark(0));
        Assert.Throws<ObjectDisposedException>(() => log.TryMark(0));
        Assert.Throws<ObjectDisposedException>(() => log.MarkRange(0, 1));
        Assert.Throws<ObjectDisposedException>(() => log.IsDirty(0));
        Assert.Throws<ObjectDisposedException>(() => log.Count());
        Assert.Throws<ObjectDisposedException>(log.Clear);
        Assert.Throws<ObjectDisposedException>(() => log.HarvestMasks(ref sink));
        Assert.Throws<ObjectDisposedException>(() => log.HarvestRuns(ref sink));
        Assert.Throws<ObjectDisposedException>(() => log.HarvestIndices(new ulong[1], ref cursor));
        Assert.Throws<ObjectDisposedException>(() => log.HarvestMasks(ref sink, ref cursor, 100, 1));
    }

    [Fact]
    public void Memory_that_is_tracked_already_is_refused_and_the_first_log_goes_on()
    {
        using var memory = new HostMemory(100);
        int files = OpenFiles();
        HostTrackingException refused = Assert.Throws<HostTrackingException>(
            () => new HostDirtyLog(memory.Block.View.Slice((nuint)(50 * HostMemory.PageSize), (nuint)HostMemory.PageSize)));
        Assert.Equal((HostTrackingProblem.MemoryRefused, Errno.Busy), (refused.Problem, refused.Error));
        Assert.Equal(files, OpenFiles());
        memory.Write(50);
        Assert.Equal([50], memory.Harvest());
    }

    [Fact]
    public void A_log_leaves_no_descriptor_and_no_mapping_and_the_memory_can_be_tracked_anew()
    {
        HostMemory.SkipWhereMissing();
        using var block = new NativeBlock<byte>((nuint)(100 * HostMemory.PageSize), (nuint)HostMemory.PageSize);
        Use();
        int files = OpenFiles();
        for (int i = 0; i < 20; i++)
            Use();
        Assert.Equal(files, OpenFiles());

        void Use()
        {
            using var log = new HostDirtyLog(block.View);
            block[0]++;
            Assert.Equal([0], HostMemory.Harvest(log));
        }
    }

    [Fact]
    public void The_block_may_be_disposed_first()
    {
        HostMemory.SkipWhereMissing();
        var block = new NativeBlock<byte>((nuint)(100 * HostMemory.PageSize), (nuint)HostMemory.PageSize);
        NativeView<byte> view = block.View;
        using var log = new HostDirtyLog(view);
        block.Dispose();
        view[0] = 1;
        Assert.Equal([0], HostMemory.Harvest(log));
    }

    [Fact]
    public void Memory_that_is_unmapped_while_it_is_tracked_is_an_error_and_not_silence()
    {
        HostMemory.SkipWhereMissing();
        using var pages = new MappedPages(1200);
        using var log = new HostDirtyLog(pages.View);
        pages.Write(3, 1100);
        pages.Unmap(600, 10);
        AssertLost(log);
        AssertLost(log);
    }

    [Fact]
    public void Memory_that_is_replaced_while_it_is_tracked_is_an_error_and_what_was_found_before_it_stays()
    {
        HostMemory.SkipWhereMissing();
        using var pages = new MappedPages(1200);
        using var log = new HostDirtyLog(pages.View);
        pages.Write(3, 4, 500, 1100);
        pages.Replace(600, 10);
        AssertLost(log);
        Assert.True(log.Pending.IsDirty(3));
        Assert.True(log.Pending.IsDirty(4));
        Assert.True(log.Pending.IsDirty(500));
        AssertLost(log);
    }

    [Fact]
    public void Memory_that_is_moved_away_while_it_is_tracked_is_an_error()
    {
        HostMemory.SkipWhereMissing();
        using var pages = new MappedPages(1200);
        using var log = new HostDirtyLog(pages.View.Slice(0, (nuint)(600 * HostMemory.PageSize)));
        pages.Move(512, 10, to: 1024);
        AssertLost(log);
    }

    [Fact]
    public void Memory_that_is_not_mapped_is_refused()
    {
        HostMemory.SkipWhereMissing();
        using var pages = new MappedPages(1200);
        pages.Unmap(0, 1200);
        int files = OpenFiles();
        HostTrackingException refused = Assert.Throws<HostTrackingException>(() => new HostDirtyLog(pages.View));
        Assert.Equal(HostTrackingProblem.MemoryRefused, refused.Problem);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Equal(files, OpenFiles());
    }

    [Fact]
    public void Memory_of_which_a_part_is_not_mapped_is_refused()
    {
        HostMemory.SkipWhereMissing();
        using var pages = new MappedPages(1200);
        pages.Unmap(600, 600);
        int files = OpenFiles();
        Assert.Equal(HostTrackingProblem.MemoryRefused, Assert.Throws<HostTrackingException>(() => new HostDirtyLog(pages.View)).Problem);
        Assert.Equal(files, OpenFiles());
    }

    private static void AssertLost(HostDirtyLog log)
    {
        var sink = new PageList([]);
        HostTrackingException lost = Assert.Throws<HostTrackingException>(() => log.HarvestMasks(ref sink));
        Assert.Equal(HostTrackingProblem.MappingLost, lost.Problem);
        Assert.Equal(HostTrackingProblem.MappingLost, Assert.Throws<HostTrackingException>(log.Clear).Problem);
    }

    private static int OpenFiles() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}
