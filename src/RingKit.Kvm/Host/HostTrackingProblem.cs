namespace RingKit.Kvm.Host;

/// <summary>Why host memory is not tracked.</summary>
public enum HostTrackingProblem
{
    /// <summary>It is not Linux, or a processor for which the system calls are not known here.</summary>
    OtherSystem,

    /// <summary>The kernel was built without userfaultfd.</summary>
    NoUserfaultfd,

    /// <summary>The process may not use userfaultfd, or a filter of its container forbids it.</summary>
    NotPermitted,

    /// <summary>The kernel lacks asynchronous write protection, or the scan of the page map: it is older than Linux 6.7.</summary>
    TooOld,

    /// <summary><c>/proc/self/pagemap</c> cannot be opened.</summary>
    NoPagemap,

    /// <summary>The kernel offers everything, and a known write was not reported, or a page that nobody wrote was.</summary>
    Unreliable,

    /// <summary>The kernel refuses this memory.</summary>
    MemoryRefused,

    /// <summary>The memory was unmapped or replaced while it was tracked.</summary>
    MappingLost,

    /// <summary>A call failed in another way; the errno says how.</summary>
    Failed,
}
