using System.Diagnostics;
using RingKit.Kvm.Host;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests.Host;

/// <summary>What else the system does to memory, and what a log then says: huge pages, pages that are given up, protection, forks, files.</summary>
[Collection(RunAlone.Name)]
public sealed class HostDirtyLogOverMemory
{
    private const int PagesOfHuge = 512;

    [Fact]
    public void A_store_into_a_huge_page_is_one_page()
    {
        HostMemory.SkipWhereMissing();
        SkipUnlessPagesAreSmall();
        using var pages = new MappedPages(4 * PagesOfHuge);
        pages.Advise(0, 4 * PagesOfHuge, MappedPages.AdviseHugePages);
        pages.View.AsSpan().Fill(1);
        Report.Line($"of {4 * PagesOfHuge} pages, {HugeBytes(pages) / HostMemory.PageSize} are in huge pages");
        using var log = new HostDirtyLog(pages.View);
        Assert.Empty(HostMemory.Harvest(log));
        pages.Write(0, 100, 700, (4 * PagesOfHuge) - 1);
        Assert.Equal([0, 100, 700, (4 * PagesOfHuge) - 1], HostMemory.Harvest(log));

        // All of one, which the kernel may join again.
        pages.Write([.. Enumerable.Range(PagesOfHuge, PagesOfHuge)]);
        Assert.Equal(Enumerable.Range(PagesOfHuge, PagesOfHuge), HostMemory.Harvest(log));
        pages.Write(PagesOfHuge + 1);
        Assert.Equal([PagesOfHuge + 1], HostMemory.Harvest(log));
    }

    [Fact]
    public void Memory_that_could_have_huge_pages_has_small_ones_where_it_is_tracked_before_it_is_used()
    {
        HostMemory.SkipWhereMissing();
        SkipUnlessPagesAreSmall();
        using var pages = new MappedPages(2 * PagesOfHuge);
        pages.Advise(0, 2 * PagesOfHuge, MappedPages.AdviseHugePages);
        using var log = new HostDirtyLog(pages.View);
        pages.Write(3, 600);
        Assert.Equal([3, 600], HostMemory.Harvest(log));
        Assert.Equal(0, HugeBytes(pages));
    }

    [Fact]
    public void A_write_to_a_page_that_was_given_up_is_reported()
    {
        HostMemory.SkipWhereMissing();
        using var pages = new MappedPages(4 * PagesOfHuge);
        pages.View.AsSpan().Fill(1);
        using var log = new HostDirtyLog(pages.View);

        // A page alone, and stretches that have a table of their own, which the kernel may give up with them.
        foreach ((int first, int count) in new[] { (20, 1), (PagesOfHuge, 2 * PagesOfHuge) })
        {
            pages.Advise(first, count, MappedPages.DontNeed);
            Assert.Equal(0, pages.View[(nuint)(first * HostMemory.PageSize)]);

            // Whether giving up counts as a write is the kernel's affair; nothing outside does.
            Assert.All(HostMemory.Harvest(log), page => Assert.InRange(page, first, first + count - 1));
            pages.Write(first, 5);
            int[] found = HostMemory.Harvest(log);
            Assert.Contains(first, found);
            Assert.Contains(5, found);
            Assert.All(found, page => Assert.True(page == 5 || (page >= first && page < first + count)));
            Assert.Empty(HostMemory.Harvest(log));
        }
    }

    [Fact]
    public void A_change_of_protection_is_no_write_and_hides_none()
    {
        HostMemory.SkipWhereMissing();
        using var pages = new MappedPages(100);
        pages.View.AsSpan().Fill(1);
        using var log = new HostDirtyLog(pages.View);
        pages.Write(1);
        pages.Protect(0, 50, writable: false);
        pages.Protect(0, 50, writable: true);
        Assert.Equal([1], HostMemory.Harvest(log));
        pages.Protect(0, 50, writable: false);
        pages.Protect(0, 50, writable: true);
        pages.Write(1, 2);
        Assert.Equal([1, 2], HostMemory.Harvest(log));
    }

    [Fact]
    public void A_fork_changes_nothing_for_the_parent()
    {
        HostMemory.SkipWhereMissing();
        Assert.SkipWhen(ForkedChild.WhyNot is not null, ForkedChild.WhyNot ?? "");
        using var memory = new HostMemory(300);
        using var forked = new ForkedChild();
        for (int round = 0; round < 5; round++)
        {
            memory.Write(10, 11);
            int child = forked.Fork();
            memory.Write(11, 12);
            ForkedChild.Await(child);
            memory.Write(13);
            Assert.Equal([10, 11, 12, 13], memory.Harvest());
            Assert.Empty(memory.Harvest());
        }
    }

    [Fact]
    public void A_process_that_is_started_changes_nothing()
    {
        using var memory = new HostMemory(300);
        memory.Write(10);
        using (Process program = Programs.Start("true"))
        {
            memory.Write(11);
            Programs.AwaitEnd(program, TimeSpan.FromSeconds(20));
        }

        memory.Write(12);
        Assert.Equal([10, 11, 12], memory.Harvest());
    }

    [Fact]
    public void A_mapping_of_a_file_is_tracked_and_what_is_written_past_it_is_not_seen()
    {
        HostMemory.SkipWhereMissing();
        int page = HostMemory.PageSize;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ringkit-host-");
        try
        {
            string path = Path.Combine(folder.FullName, "memory");
            using var here = SharedMapping.Create(path, (nuint)(100 * page));
            using var there = SharedMapping.Open(path);
            using var log = new HostDirtyLog(here.View);
            here.View[(nuint)(3 * page)] = 1;
            there.View[(nuint)(4 * page)] = 1;
            Assert.Equal([3], HostMemory.Harvest(log));
            Assert.Equal(1, here.View[(nuint)(4 * page)]);
            Assert.Empty(HostMemory.Harvest(log));
            here.View[(nuint)(4 * page)] = 2;
            here.View[(nuint)(50 * page)] = 2;
            Assert.Equal([4, 50], HostMemory.Harvest(log));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Memory_that_is_no_longer_tracked_is_written_as_before()
    {
        HostMemory.SkipWhereMissing();
        using var pages = new MappedPages(100);
        using (var log = new HostDirtyLog(pages.View))
            pages.Write(1, 2);
        pages.Write(2, 3);
        Assert.Equal([1, 2, 1], ((int[])[1, 2, 3]).Select(page => (int)pages.View[(nuint)(page * HostMemory.PageSize)]));
    }

    private static void SkipUnlessPagesAreSmall() => Assert.SkipWhen(HostMemory.PageSize != 4096, "a huge page has 512 pages where pages have 4 KiB");

    // Of the mapping that the memory is in, as /proc/self/smaps counts them.
    private static unsafe long HugeBytes(MappedPages pages)
    {
        ulong address = (ulong)pages.View.DangerousPointer;
        bool isHere = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0].Split('-') is [var first, var behind] && ulong.TryParse(first, System.Globalization.NumberStyles.HexNumber, null, out ulong start))
                isHere = start <= address && address < ulong.Parse(behind, System.Globalization.NumberStyles.HexNumber, null);
            else if (isHere && words[0] == "AnonHugePages:")
                return long.Parse(words[1], null) * 1024;
        }

        return 0;
    }
}
