using RingKit.Kvm.Native;
using RingKit.Mmu;

namespace RingKit.Kvm.Host;

/// <summary>The kernel's tracking of this process's memory: a userfaultfd whose write protection is asynchronous, and the page map that says what was written.</summary>
/// <remarks>Thread role: any thread; <see cref="Dispose"/> when no other thread uses it. Once it is disposed nothing is protected any more.</remarks>
internal sealed unsafe class HostTracker : IDisposable
{
    /// <summary>What is asked of userfaultfd.</summary>
    public const UserfaultFeatures Needed = UserfaultFeatures.PagefaultFlagWp | UserfaultFeatures.WpUnpopulated | UserfaultFeatures.WpAsync;

    private const ulong ApiVersion = 0xaa;
    private const uint ApiRequest = 0xc018_aa3f;
    private const uint RegisterRequest = 0xc020_aa00;
    private const uint UnregisterRequest = 0x8010_aa01;
    private const uint ProtectRequest = 0xc018_aa06;
    private const ulong WriteProtected = 1 << 1;
    private const ulong Protects = 1 << 0;

    private readonly FileDescriptor _userfault;
    private readonly FileDescriptor _pagemap;

    private HostTracker(FileDescriptor userfault, FileDescriptor pagemap) => (_userfault, _pagemap) = (userfault, pagemap);

    /// <summary>Opens one that tracks nothing yet.</summary>
    /// <exception cref="HostTrackingException">The kernel does not offer it; the message says what is missing.</exception>
    public static HostTracker Open()
    {
        FileDescriptor userfault = OpenUserfault();
        FileDescriptor? pagemap = null;
        try
        {
            if (Agree(userfault, Needed, out _) is not Errno.None and var error)
                throw WhyNotAgreed(error);
            if (HostCalls.OpenPagemap(out pagemap) is not Errno.None and var closed)
                throw new HostTrackingException(HostTrackingProblem.NoPagemap, closed, $"/proc/self/pagemap cannot be opened ({closed}): is /proc mounted?");
            var tracker = new HostTracker(userfault, pagemap!);
            tracker.CheckScan();
            return tracker;
        }
        catch
        {
            userfault.Dispose();
            pagemap?.Dispose();
            throw;
        }
    }

    /// <summary>What the kernel's userfaultfd can do.</summary>
    /// <exception cref="HostTrackingException">There is none, or it is not permitted.</exception>
    public static UserfaultFeatures ReadFeatures()
    {
        using FileDescriptor userfault = OpenUserfault();
        Errno error = Agree(userfault, UserfaultFeatures.None, out UserfaultFeatures features);
        return error == Errno.None ? features : throw Failed("UFFDIO_API", error);
    }

    /// <summary>Tracks memory, of which nothing is written yet as far as the kernel says.</summary>
    /// <param name="start">At a page.</param>
    /// <param name="bytes">Whole pages.</param>
    /// <exception cref="HostTrackingException">The kernel refuses the memory, of which nothing is tracked then.</exception>
    public void Track(nuint start, nuint bytes)
    {
        // The kernel registers what there is of a range, and passes over the rest.
        ulong* registration = stackalloc ulong[] { start, bytes, WriteProtected, 0 };
        Errno error = HostCalls.CheckMapped(start, bytes);
        if (error == Errno.None)
            error = HostCalls.Control(_userfault, RegisterRequest, registration);
        if (error != Errno.None)
            throw Refused(error);

        ulong* protection = stackalloc ulong[] { start, bytes, Protects };
        error = HostCalls.Control(_userfault, ProtectRequest, protection);
        if (error == Errno.None)
            return;
        Untrack(start, bytes);
        throw Refused(error);
    }

    /// <summary>Tracks memory no longer: its pages are protected no longer either. What was unmapped meanwhile is no error.</summary>
    public void Untrack(nuint start, nuint bytes)
    {
        ulong* range = stackalloc ulong[] { start, bytes };
        _ = HostCalls.Control(_userfault, UnregisterRequest, range);
    }

    /// <summary>Reports pages that were written since they were protected last, and protects them, in one step for each page: a write comes before it, or counts anew.</summary>
    /// <remarks>When it returns no processor has a translation by which one of these pages could be written without being recorded.</remarks>
    /// <param name="start">The first address; moved to where the next call goes on, the end when there is nothing left.</param>
    /// <param name="end">The address behind the last.</param>
    /// <param name="regions">Gets neighbouring pages together, ascending. All starts are 0.</param>
    /// <param name="room">How many regions there is room for, at least 1.</param>
    /// <param name="maximumPages">The most pages; 0 for all.</param>
    /// <param name="error">Where not <see cref="Errno.None"/>, the memory from somewhere behind the regions on could not be looked at.</param>
    /// <returns>How many regions there are.</returns>
    public nuint Take(ref nuint start, nuint end, PageRegion* regions, nuint room, ulong maximumPages, out Errno error)
    {
        nuint count = Scan(PagemapScan.Protects | PagemapScan.RefusesUntracked, ref start, end, regions, room, maximumPages, out error);
        if (error == Errno.None)
            return count;

        // The kernel has copied out what it had protected before it failed, and does not say how much.
        for (count = 0; count < room && regions[count].Start != 0; count++)
        {
        }

        return count;
    }

    /// <summary>The same, for nobody: what was written is forgotten.</summary>
    public Errno Forget(nuint start, nuint end)
    {
        Scan(PagemapScan.Protects | PagemapScan.RefusesUntracked, ref start, end, null, 0, 0, out Errno error);
        return error;
    }

    /// <summary>Reports pages that were written, and leaves them as they are.</summary>
    /// <inheritdoc cref="Take"/>
    public nuint Look(ref nuint start, nuint end, PageRegion* regions, nuint room, ulong maximumPages, out Errno error) =>
        Scan(PagemapScan.RefusesUntracked, ref start, end, regions, room, maximumPages, out error);

    public void Dispose()
    {
        // Closed, the kernel lets go of all that was registered.
        _userfault.Dispose();
        _pagemap.Dispose();
    }

    /// <summary>What to throw where memory that was tracked could not be looked at.</summary>
    public static HostTrackingException LookFailed(Errno error) => error switch
    {
        Errno.NotPermitted or Errno.NoMemory =>
            new(HostTrackingProblem.MappingLost, error, "Memory was unmapped, moved or replaced while its pages were tracked: dispose the log first."),
        Errno.InputOutput => new(HostTrackingProblem.Unreliable, error, "The kernel's scan of the page map succeeds, and does not say how far it came."),
        _ => Failed("PAGEMAP_SCAN", error),
    };

    private nuint Scan(ulong flags, ref nuint start, nuint end, PageRegion* regions, nuint room, ulong maximumPages, out Errno error)
    {
        var scan = new PagemapScan
        {
            Size = (ulong)sizeof(PagemapScan),
            Flags = flags,
            Start = start,
            End = end,
            Regions = regions,
            Room = room,
            MaximumPages = maximumPages,
            Mask = PageCategories.Written,
            Returned = PageCategories.Written,
        };
        error = HostCalls.Control(_pagemap, PagemapScan.Request, (nuint)(&scan), out long found);
        if (error != Errno.None)
            return 0;
        if (scan.WalkEnd <= start || scan.WalkEnd > end)
        {
            error = Errno.InputOutput;
            return 0;
        }

        start = (nuint)scan.WalkEnd;
        return (nuint)found;
    }

    // A scan of nothing: the kernel looks at its arguments and returns.
    private void CheckScan()
    {
        var scan = new PagemapScan { Size = (ulong)sizeof(PagemapScan), Mask = PageCategories.Written, Returned = PageCategories.Written };
        Errno error = HostCalls.Control(_pagemap, PagemapScan.Request, &scan);
        if (error != Errno.None)
            throw new HostTrackingException(HostTrackingProblem.TooOld, error, $"The kernel has no scan of /proc/self/pagemap (PAGEMAP_SCAN: {error}): Linux 6.7 has it.");
    }

    private static FileDescriptor OpenUserfault()
    {
        if (!HostCalls.AreKnown)
            throw new HostTrackingException(HostTrackingProblem.OtherSystem, Errno.None, "Host memory is tracked on Linux, on x86-64 and arm64.");

        return HostCalls.OpenUserfault(out FileDescriptor? userfault) switch
        {
            Errno.None => userfault!,
            Errno.NotImplemented => throw new HostTrackingException(
                HostTrackingProblem.NoUserfaultfd, Errno.NotImplemented, "The kernel has no userfaultfd: it was built without CONFIG_USERFAULTFD."),
            Errno.NotPermitted or Errno.AccessDenied => throw new HostTrackingException(
                HostTrackingProblem.NotPermitted,
                Errno.NotPermitted,
                "The process may not use userfaultfd: a filter, such as a container's, forbids the call, and /dev/userfaultfd cannot be used either; allow one of them."),
            Errno.Invalid => throw new HostTrackingException(
                HostTrackingProblem.TooOld, Errno.Invalid, "The kernel's userfaultfd is older than Linux 5.11; written pages are tracked from Linux 6.7 on."),
            var error => throw Failed("userfaultfd", error),
        };
    }

    private static Errno Agree(FileDescriptor userfault, UserfaultFeatures wanted, out UserfaultFeatures offered)
    {
        ulong* api = stackalloc ulong[] { ApiVersion, (ulong)wanted, 0 };
        Errno error = HostCalls.Control(userfault, ApiRequest, api);
        offered = (UserfaultFeatures)api[1];
        return error;
    }

    private static HostTrackingException WhyNotAgreed(Errno error)
    {
        if (error != Errno.Invalid)
            return Failed("UFFDIO_API", error);
        UserfaultFeatures missing = Needed & ~ReadFeatures();
        return new(HostTrackingProblem.TooOld, error, $"The kernel's userfaultfd lacks {missing}: Linux 6.7 has it on x86-64.");
    }

    private static HostTrackingException Refused(Errno error) => new(HostTrackingProblem.MemoryRefused, error, error switch
    {
        Errno.Busy => "The memory, or a part of it, is tracked already, by another log or another userfaultfd.",
        Errno.NotPermitted => "The memory cannot be written: a mapping of a file that was opened for reading is not tracked.",
        Errno.Invalid or Errno.NoMemory or Errno.NoEntry => $"The memory, or a part of it, is not mapped, or of a kind that the kernel does not track ({error}).",
        _ => $"The kernel refuses to track the memory: {error}.",
    });

    private static HostTrackingException Failed(string call, Errno error) => new(HostTrackingProblem.Failed, error, $"{call} failed: {error} ({(int)error}).");
}
