using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>Logs for machines that exist: what was agreed upon before they did.</summary>
internal static class KvmLogs
{
    public static IDirtyLog Bitmaps(VirtualMachine machine) => new KvmDirtyLog(machine, new KvmCapabilities(KvmProfile.X86));

    public static IDirtyLog ClearedBitmaps(VirtualMachine machine)
    {
        var capabilities = new KvmCapabilities(KvmProfile.X86);
        Assert.Equal(Errno.None, capabilities.EnableCap(KvmCapability.ManualDirtyLogProtect2, (ulong)ManualProtect.Enabled));
        return new KvmDirtyLog(machine, capabilities);
    }

    public static IDirtyLog Rings(VirtualMachine machine) => Rings(machine, KvmFidelity.Safe);

    public static IDirtyLog FaithfulRings(VirtualMachine machine) => Rings(machine, KvmFidelity.Faithful);

    public static IDirtyLog RingsWithBitmaps(VirtualMachine machine)
    {
        var capabilities = new KvmCapabilities(KvmProfile.Arm64);
        Assert.Equal(Errno.None, capabilities.EnableCap(KvmCapability.DirtyLogRingAcqRel, 4096));
        Assert.Equal(Errno.None, capabilities.EnableCap(KvmCapability.DirtyLogRingWithBitmap));
        return new KvmDirtyLog(machine, capabilities);
    }

    private static KvmDirtyLog Rings(VirtualMachine machine, KvmFidelity fidelity)
    {
        KvmProfile profile = KvmProfile.X86 with { HardwareLogEntries = machine.Mmu.RecordsPerExit };
        var capabilities = new KvmCapabilities(profile, fidelity);
        var size = DirtyRingSize.FromEntries(DirtyRingSize.MinimumEntries(4096, profile.HardwareLogEntries));
        Assert.Equal(Errno.None, capabilities.EnableCap(KvmCapability.DirtyLogRing, size.Bytes));
        return new KvmDirtyLog(machine, capabilities);
    }
}
