using System.Runtime.InteropServices;

namespace RingKit.Kvm.Host;

/// <summary>What PAGEMAP_SCAN is asked and answers: <c>struct pm_scan_arg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PagemapScan
{
    /// <summary>The request's number.</summary>
    public const uint Request = 0xc060_6610;

    /// <summary>PM_SCAN_WP_MATCHING: protects what it reports, in the same step.</summary>
    public const ulong Protects = 1 << 0;

    /// <summary>PM_SCAN_CHECK_WPASYNC: EPERM at memory that is not tracked, rather than passing over it.</summary>
    public const ulong RefusesUntracked = 1 << 1;

    /// <summary>Bytes of this.</summary>
    public ulong Size;

    /// <summary>How it is done.</summary>
    public ulong Flags;

    /// <summary>The first address, at a page.</summary>
    public ulong Start;

    /// <summary>The address behind the last one.</summary>
    public ulong End;

    /// <summary>The answer: up to where it came.</summary>
    public ulong WalkEnd;

    /// <summary>Gets the regions; null to protect only.</summary>
    public PageRegion* Regions;

    /// <summary>For how many there is room.</summary>
    public ulong Room;

    /// <summary>The most pages; 0 for all.</summary>
    public ulong MaximumPages;

    /// <summary>Categories that a page must not have, of those in <see cref="Mask"/>.</summary>
    public PageCategories Inverted;

    /// <summary>Categories that a page must have, all of them.</summary>
    public PageCategories Mask;

    /// <summary>Categories of which it must have one.</summary>
    public PageCategories AnyOf;

    /// <summary>Categories that are reported.</summary>
    public PageCategories Returned;
}
