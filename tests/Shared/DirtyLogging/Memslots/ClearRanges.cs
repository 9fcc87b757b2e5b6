using RingKit.Mmu;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>The ranges that a kernel was asked to clear in a slot of 1000 pages, and its answers.</summary>
public static class ClearRanges
{
    /// <summary>The first page, how many pages, the answer.</summary>
    public static TheoryData<ulong, uint, Errno> Answers { get; } = new()
    {
        { 0, 64, Errno.None },
        { 64, 64, Errno.None },
        { 0, 1000, Errno.None },
        { 960, 40, Errno.None },
        { 0, 960, Errno.None },
        { 0, 0, Errno.None },
        { 960, 0, Errno.None },
        { 1, 64, Errno.Invalid },
        { 0, 63, Errno.Invalid },
        { 0, 999, Errno.Invalid },
        { 0, 1001, Errno.Invalid },
        { 0, 1024, Errno.Invalid },
        { 960, 64, Errno.Invalid },
        { 960, 39, Errno.Invalid },
        { 1000, 0, Errno.Invalid },
        { 1024, 0, Errno.Invalid },
        { 0, 0xFFFF_FFC0, Errno.Invalid },
        { ulong.MaxValue - 63, 64, Errno.Invalid },
    };
}
