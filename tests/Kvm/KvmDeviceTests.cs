using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Tests.Support;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>The device, and what there is if there is none.</summary>
public sealed class KvmDeviceTests
{
    [Fact]
    public void The_device_says_what_it_offers()
    {
        Kernel.Need();
        Assert.Equal(Errno.None, KvmDevice.Open(out KvmDevice? device));
        using (device)
        {
            Assert.Equal(KvmDevice.KnownApiVersion, device!.ApiVersion);
            Assert.True(device.CheckExtension(KvmExtension.UserMemory) != 0);
            Assert.True(device.CheckExtension(KvmExtension.ImmediateExit) != 0);
            Assert.True(device.CheckExtension(KvmExtension.MemorySlots) > 1);
            Assert.Equal(0, device.CheckExtension((KvmExtension)int.MaxValue));
            Report.Line(
                $"KVM: ring {device.CheckExtension(KvmCapability.DirtyLogRingAcqRel)} bytes, manual protect "
                + $"{device.CheckExtension(KvmCapability.ManualDirtyLogProtect2)}, guest_memfd {device.CheckExtension(KvmExtension.GuestMemfd)}.");
        }
    }

    [Fact]
    public void What_is_no_device_is_an_errno_and_leaves_nothing_open()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the device is Linux's");
        int before = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        Assert.Equal(Errno.NoEntry, KvmDevice.Open(out KvmDevice? missing, "/dev/no-such-device"));
        Assert.Null(missing);
        Assert.NotEqual(Errno.None, KvmDevice.Open(out KvmDevice? other, "/dev/null"));
        Assert.Null(other);
        Assert.Equal(before, Directory.GetFileSystemEntries("/proc/self/fd").Length);
        Assert.Equal("there is no /dev/no-such-device", KvmGuest.WhyNot(path: "/dev/no-such-device"));
        Assert.StartsWith("/dev/null cannot be used: ", KvmGuest.WhyNot(path: "/dev/null"), StringComparison.Ordinal);

        // EISDIR, which has no name here.
        Assert.Equal("/tmp cannot be used: errno 21", KvmGuest.WhyNot(path: "/tmp"));
        using var memory = RealModeGuests.Memory();
        KvmException refusal = Assert.Throws<KvmException>(() => KvmGuest.Create(memory, new KvmGuestOptions { DevicePath = "/dev/no-such-device" }));
        Assert.Equal(Errno.NoEntry, refusal.Error);
        Assert.Equal("/dev/no-such-device was refused: NoEntry", refusal.Message);
    }

    [Fact]
    public void A_device_that_is_disposed_refuses()
    {
        Kernel.Need();
        KvmDevice.Open(out KvmDevice? device);
        device!.Dispose();
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.CheckExtension(KvmExtension.UserMemory));
        Assert.Throws<ObjectDisposedException>(() => device.CreateMachine(out _));
    }
}
