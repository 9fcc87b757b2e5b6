using RingKit.Mmu;
using RingKit.Ordering;

namespace RingKit.Kvm.Host;

/// <summary>Writes pages of its own and asks whether they are reported: interfaces that accept everything and report nothing exist (soft-dirty bits, where the kernel was built without them).</summary>
internal static unsafe class HostSelfCheck
{
    // What happens to each page: it is there, and is written; it is not there yet, and is read; the kernel writes it; it is there, and nothing happens.
    private const int Written = 0;
    private const int Read = 1;
    private const int WrittenByKernel = 2;
    private const int Untouched = 3;
    private const int Pages = 4;

    private const ulong WrittenPages = 1 << Written | 1 << WrittenByKernel;

    /// <summary>Tries a tracker out.</summary>
    /// <exception cref="HostTrackingException">It does not do what it says.</exception>
    public static void Run(HostTracker tracker)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        Errno error = HostCalls.MapPages(Pages * page, out byte* start);
        if (error != Errno.None)
            throw new HostTrackingException(HostTrackingProblem.Failed, error, $"There is no memory for a check of the tracking: {error}.");
        try
        {
            // Invariant: the pages are this method's own until they are unmapped.
            start[Written * page] = 1;
            start[Untouched * page] = 1;
            tracker.Track((nuint)start, Pages * page);
            Expect(0, Taken(tracker, start, page), "nothing was written");
            start[Written * page] = 2;
            _ = HardwareOrdering.LoadAcquire(ref start[Read * page]);
            if (HostCalls.KernelWrites(start + (WrittenByKernel * page), sizeof(ulong)) is not Errno.None and var random)
                throw new HostTrackingException(HostTrackingProblem.Failed, random, $"getrandom failed: {random}.");
            Expect(WrittenPages, Taken(tracker, start, page), "two pages were written");
            Expect(0, Taken(tracker, start, page), "they were reported before");
            start[Written * page] = 3;
            Expect(1 << Written, Taken(tracker, start, page), "one page was written again");
            tracker.Untrack((nuint)start, Pages * page);
        }
        finally
        {
            HostCalls.UnmapPages(start, Pages * page);
        }
    }

    private static void Expect(ulong expected, ulong reported, string what)
    {
        if (reported != expected)
        {
            throw new HostTrackingException(
                HostTrackingProblem.Unreliable,
                Errno.None,
                $"The kernel does not track what it says it tracks: {what}, and of {Pages} pages it reports 0x{reported:x} instead of 0x{expected:x}.");
        }
    }

    private static ulong Taken(HostTracker tracker, byte* start, nuint page)
    {
        PageRegion* regions = stackalloc PageRegion[Pages];
        new Span<PageRegion>(regions, Pages).Clear();
        nuint from = (nuint)start, end = from + (Pages * page);
        nuint count = tracker.Take(ref from, end, regions, Pages, 0, out Errno error);
        if (error != Errno.None)
            throw HostTracker.LookFailed(error);

        ulong pages = 0;
        for (nuint i = 0; i < count; i++)
        {
            for (ulong address = regions[i].Start; address < regions[i].End; address += page)
                pages |= 1UL << (int)((address - (nuint)start) / page);
        }

        return pages;
    }
}
