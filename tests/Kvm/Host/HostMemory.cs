using RingKit.Bitmaps;
using RingKit.Kvm.Host;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests.Host;

/// <summary>Native memory of whole pages, and a log of it.</summary>
internal sealed class HostMemory : IDisposable
{
    private static readonly Lazy<HostTrackingSupport> Support = new(() =>
    {
        var support = HostTrackingSupport.Read();
        if (!support.IsOffered)
            Report.Line($"Tests of host memory are skipped: {support.WhyNot}");
        return support;
    });

    public HostMemory(int pages, int regions = HostDirtyLog.DefaultRegions)
    {
        SkipWhereMissing();
        Block = new NativeBlock<byte>((nuint)(pages * PageSize), (nuint)PageSize);
        Log = new HostDirtyLog(Block.View, regions);
    }

    public static int PageSize => Environment.SystemPageSize;

    public NativeBlock<byte> Block { get; }

    public HostDirtyLog Log { get; }

    /// <summary>Skips the test with a line that says what is missing, where the kernel does not track host memory.</summary>
    public static void SkipWhereMissing()
    {
        if (!Support.Value.IsOffered)
            Assert.Skip(Support.Value.WhyNot!);
    }

    /// <summary>Writes a byte of a page.</summary>
    public void Write(int page, byte value = 1) => Block[(nuint)page * (nuint)PageSize] = value;

    public void Write(params ReadOnlySpan<int> pages)
    {
        foreach (int page in pages)
            Write(page, (byte)(Read(page) + 1));
    }

    public byte Read(int page) => Block[(nuint)page * (nuint)PageSize];

    /// <summary>All dirty pages, which are clean then.</summary>
    public int[] Harvest() => Harvest(Log);

    public static int[] Harvest(IDirtyTracker log)
    {
        List<int> pages = [];
        var sink = new PageList(pages);
        log.HarvestMasks(ref sink);
        return [.. pages];
    }

    public void Dispose()
    {
        Log.Dispose();
        Block.Dispose();
    }
}
