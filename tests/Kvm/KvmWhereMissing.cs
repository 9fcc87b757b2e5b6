using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Native;
using RingKit.Kvm.Tests.Host;
using RingKit.Kvm.Tests.Support;
using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>Kernels that lack something, or refuse it: a thread whose system calls are filtered meets them. Each time there is one line, and nothing is left open.</summary>
[Collection(RunAlone.Name)]
public sealed class KvmWhereMissing
{
    public static TheoryData<string, uint, Errno, KvmLogForm, string> Missing => new()
    {
        { "another version", (uint)KvmRequest.GetApiVersion, Errno.None, KvmLogForm.Ring, "/dev/kvm cannot be used: NotSupported" },
        { "another device", (uint)KvmRequest.GetApiVersion, Errno.NoSuchRequest, KvmLogForm.Bitmap, "/dev/kvm cannot be used: NoSuchRequest" },
        { "no page of a vCPU", (uint)KvmRequest.GetVcpuMmapSize, Errno.Invalid, KvmLogForm.Bitmap, "/dev/kvm cannot be used: Invalid" },
        { "no rings", (uint)KvmRequest.CheckExtension, Errno.None, KvmLogForm.Ring, "the kernel has no KVM_CAP_DIRTY_LOG_RING_ACQ_REL" },
        { "no manual protection", (uint)KvmRequest.CheckExtension, Errno.None, KvmLogForm.Manual, "the kernel has no KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2" },
        { "none that is initially set", (uint)KvmRequest.CheckExtension, Errno.None, KvmLogForm.InitiallySet, "the kernel has no KVM_DIRTY_LOG_INITIALLY_SET" },
    };

    public static TheoryData<string, uint, Errno, KvmLogForm> Refused => new()
    {
        { "KVM_CREATE_VM", (uint)KvmRequest.CreateVm, Errno.NoMemory, KvmLogForm.Ring },
        { "A ring of 1024 entries", (uint)KvmRequest.EnableCap, Errno.TooBig, KvmLogForm.Ring },
        { "Slot 0", (uint)KvmRequest.SetUserMemoryRegion, Errno.NoMemory, KvmLogForm.Bitmap },
        { "vCPU 0", (uint)KvmRequest.CreateVcpu, Errno.Busy, KvmLogForm.Ring },
        { "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2", (uint)KvmRequest.EnableCap, Errno.Invalid, KvmLogForm.Manual },
    };

    [Theory]
    [MemberData(nameof(Missing))]
    public void What_a_kernel_lacks_is_said_in_one_line(string what, uint request, Errno answer, KvmLogForm form, string line)
    {
        Kernel.Need(form);
        OpenFiles before = OpenFiles.Count();
        SystemCallFilter.Run([(SystemCallFilter.Ioctl, request, answer)], () => Assert.Equal((what, line), (what, KvmGuest.WhyNot(form))));
        Assert.Equal(before, OpenFiles.Count());
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_a_kernel_refuses_is_an_errno_and_one_line(string what, uint request, Errno answer, KvmLogForm form)
    {
        Kernel.Need(form);
        using GuestMemory memory = RealModeGuests.Memory();
        OpenFiles before = OpenFiles.Count();
        SystemCallFilter.Run([(SystemCallFilter.Ioctl, request, answer)], () =>
        {
            KvmException refusal = Assert.Throws<KvmException>(() => KvmGuest.Create(memory, new KvmGuestOptions { Form = form, RingEntries = 1024 }));
            Assert.Equal(($"{what} was refused: {answer}", answer), (refusal.Message, refusal.Error));
        });
        Assert.Equal(before, OpenFiles.Count());
    }

    // On a thread that may not: the file is there, and is not this user's. The kernel's own files are nobody's to write, whoever asks.
    [Fact]
    public void A_device_that_may_not_be_opened_is_told_from_one_that_is_not_there()
    {
        const string Closed = "/sys/kernel/uevent_seqnum";
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists(Closed), $"there is no {Closed}");
        Assert.Equal($"no right to open {Closed}", KvmGuest.WhyNot(path: Closed));
        Assert.Equal(Errno.AccessDenied, KvmDevice.Open(out KvmDevice? device, Closed));
        Assert.Null(device);
    }

    [Theory]
    [InlineData(KvmLogForm.Ring, "KVM_RESET_DIRTY_RINGS", (uint)KvmRequest.ResetDirtyRings)]
    [InlineData(KvmLogForm.Bitmap, "KVM_GET_DIRTY_LOG of slot 0", (uint)KvmRequest.GetDirtyLog)]
    [InlineData(KvmLogForm.Manual, "KVM_CLEAR_DIRTY_LOG of slot 0", (uint)KvmRequest.ClearDirtyLog)]
    public void A_harvest_that_the_kernel_refuses_says_so_and_the_guest_ends_in_order(KvmLogForm form, string what, uint request)
    {
        OpenFiles before = OpenFiles.Count();
        using (GuestMemory memory = RealModeGuests.Memory())
        using (KvmGuest guest = LoggedGuest.Started(memory, form))
        {
            LoggedGuest.Stored(guest, 16, 3);
            SystemCallFilter.Run([(SystemCallFilter.Ioctl, request, Errno.NoMemory)], () =>
            {
                KvmException refusal = Assert.Throws<KvmException>(() => PageSet.HarvestOf(guest.Log));
                Assert.Equal(($"{what} was refused: NoMemory", Errno.NoMemory), (refusal.Message, refusal.Error));
            });
        }

        Assert.Equal(before, OpenFiles.Count());
    }
}
