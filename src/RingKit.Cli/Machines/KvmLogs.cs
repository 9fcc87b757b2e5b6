using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Machines;

/// <summary>KVM's dirty log as its user has it, by what he has enabled: without known defects, and harvested as a careful user does.</summary>
internal static class KvmLogs
{
    /// <summary>Bitmaps that KVM_GET_DIRTY_LOG takes and protects.</summary>
    public static KvmDirtyLog Get(VirtualMachine machine) => new(machine, Capabilities(machine));

    /// <summary>Bitmaps that KVM_GET_DIRTY_LOG copies, and KVM_CLEAR_DIRTY_LOG clears and protects.</summary>
    public static KvmDirtyLog Clear(VirtualMachine machine)
    {
        KvmCapabilities capabilities = Capabilities(machine);
        Require(capabilities.EnableCap(KvmCapability.ManualDirtyLogProtect2, (ulong)ManualProtect.Enabled));
        return new KvmDirtyLog(machine, capabilities);
    }

    /// <summary>A ring for each vCPU, on arm64 with bitmaps beside them, as QEMU has it.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="entries">Of each ring: one of <see cref="DirtyRingSize"/>'s sizes for the machine.</param>
    public static KvmDirtyLog Ring(VirtualMachine machine, int entries)
    {
        KvmCapabilities capabilities = Capabilities(machine);
        Require(capabilities.EnableCap(KvmCapability.DirtyLogRingAcqRel, DirtyRingSize.FromEntries((ulong)entries).Bytes));
        if (capabilities.Profile.OffersRingWithBitmap)
            Require(capabilities.EnableCap(KvmCapability.DirtyLogRingWithBitmap));
        return new KvmDirtyLog(machine, capabilities);
    }

    private static KvmCapabilities Capabilities(VirtualMachine machine) => new(
        (machine.Stage2 is null ? KvmProfile.X86 : KvmProfile.Arm64) with { HardwareLogEntries = machine.Mmu.RecordsPerExit });

    private static void Require(Errno error)
    {
        if (error != Errno.None)
            throw new InvalidOperationException($"KVM refuses what the log needs: {error}.");
    }
}
