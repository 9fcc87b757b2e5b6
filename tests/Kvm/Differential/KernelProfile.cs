using RingKit.DirtyRings;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Memslots;
using Xunit;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>What the real kernel offers, as a profile for the simulated one.</summary>
internal static class KernelProfile
{
    private static readonly Lazy<KvmProfile> Asked = new(Ask);

    public static KvmProfile Value => Asked.Value;

    /// <summary>The fewest entries that a ring may have: more where processors log by themselves.</summary>
    public static int LeastRingEntries => Value.HardwareLogEntries == 0 ? 256 : 1024;

    public static KvmMachine NewMachine()
    {
        Assert.Equal(Errno.None, KvmDevice.Open(out KvmDevice? device));
        using (device)
        {
            Assert.Equal(Errno.None, device!.CreateMachine(out KvmMachine? machine));
            return machine!;
        }
    }

    private static KvmProfile Ask()
    {
        using KvmMachine machine = NewMachine();
        bool hasModificationLog = machine.EnableCap(KvmCapability.DirtyLogRingAcqRel, 256 * DirtyGfn.SizeInBytes) != Errno.None;
        return KvmProfile.X86 with
        {
            OffersRing = machine.CheckExtension(KvmCapability.DirtyLogRing) != 0,
            OffersRingAcqRel = machine.CheckExtension(KvmCapability.DirtyLogRingAcqRel) != 0,
            OffersRingWithBitmap = machine.CheckExtension(KvmCapability.DirtyLogRingWithBitmap) != 0,
            ManualProtect = (ManualProtect)machine.CheckExtension(KvmCapability.ManualDirtyLogProtect2),
            HardwareLogEntries = hasModificationLog ? 512 : 0,
            AddressSpaces = Math.Max(machine.CheckExtension(KvmExtension.AddressSpaces), 1),
            SlotIds = machine.CheckExtension(KvmExtension.MemorySlots),
        };
    }
}
