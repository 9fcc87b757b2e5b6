using RingKit.Kvm.Host;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests.Host;

/// <summary>Kernels that refuse, and kernels that lie: a thread whose system calls are filtered meets both.</summary>
[Collection(RunAlone.Name)]
public sealed class HostDirtyLogWhereMissing
{
    private const uint NewUserfault = 0xaa00;
    private const uint Agree = 0xc018_aa3f;
    private const uint Protect = 0xc018_aa06;
    private const uint Scan = 0xc060_6610;

    [Fact]
    public void A_process_that_may_not_is_told_so() =>
        AssertRefused(HostTrackingProblem.NotPermitted, (SystemCallFilter.Userfaultfd, null, Errno.NotPermitted), (SystemCallFilter.Ioctl, NewUserfault, Errno.NotPermitted));

    [Fact]
    public void A_kernel_without_userfaultfd_is_told_from_one_that_forbids_it() =>
        AssertRefused(HostTrackingProblem.NoUserfaultfd, (SystemCallFilter.Userfaultfd, null, Errno.NotImplemented));

    [Fact]
    public void An_old_userfaultfd_is_refused() => AssertRefused(HostTrackingProblem.TooOld, (SystemCallFilter.Userfaultfd, null, Errno.Invalid));

    [Fact]
    public void A_kernel_without_the_scan_is_refused() => AssertRefused(HostTrackingProblem.TooOld, (SystemCallFilter.Ioctl, Scan, Errno.NoSuchRequest));

    [Fact]
    public void What_nobody_foresaw_is_refused_with_its_errno() => AssertRefused(HostTrackingProblem.Failed, (SystemCallFilter.Ioctl, Agree, Errno.NoMemory));

    [Fact]
    public void Protection_that_succeeds_and_does_nothing_is_found_out() => AssertRefused(HostTrackingProblem.Unreliable, (SystemCallFilter.Ioctl, Protect, Errno.None));

    [Fact]
    public void A_scan_that_succeeds_and_reports_nothing_is_found_out() => AssertRefused(HostTrackingProblem.Unreliable, (SystemCallFilter.Ioctl, Scan, Errno.None));

    private static void AssertRefused(HostTrackingProblem problem, params (uint Call, uint? Request, Errno Error)[] refused)
    {
        HostMemory.SkipWhereMissing();
        Assert.SkipWhen(SystemCallFilter.WhyNot is not null, SystemCallFilter.WhyNot ?? "");
        using var block = new NativeBlock<byte>((nuint)HostMemory.PageSize, (nuint)HostMemory.PageSize);
        NativeView<byte> view = block.View;

        // What other tests have left to the collector may go meanwhile.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        int files = OpenFiles();
        SystemCallFilter.Run(refused, () =>
        {
            HostTrackingException exception = Assert.Throws<HostTrackingException>(() => new HostDirtyLog(view));
            Report.Line($"{problem}: {exception.Message}");
            Assert.Equal(problem, exception.Problem);
            Assert.DoesNotContain('\n', exception.Message);
            Assert.Equal((problem, exception.Message), (HostTrackingSupport.Read().Problem, HostTrackingSupport.Read().WhyNot));
        });
        Assert.InRange(OpenFiles(), 0, files);
    }

    private static int OpenFiles() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}
