using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Writes;

/// <summary>Every kind of dirty log over every page table that it can be over, by name; machines of two vCPUs.</summary>
internal static class WrittenMachines
{
    private static readonly Dictionary<string, Func<GuestMemory, VirtualMachine>> Machines = new(StringComparer.Ordinal)
    {
        ["flat"] = memory => new VirtualMachine(memory, vcpus: 2),
        ["stage 2"] = memory => new VirtualMachine(memory, vcpus: 2, new Stage2Options()),
        ["write protection"] = memory => new VirtualMachine(memory, vcpus: 2, new TdpOptions { LogMethod = TdpLogMethod.WriteProtection }),
        ["modification log"] = memory => new VirtualMachine(memory, vcpus: 2, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog }),
    };

    private static readonly Dictionary<string, Func<VirtualMachine, IDirtyLog>> Logs = new(StringComparer.Ordinal)
    {
        ["bitmap"] = machine => new BitmapDirtyLog(machine),
        ["ring"] = machine => new RingDirtyLog(machine, ringEntries: 1024),
        ["summary"] = machine => new SummaryDirtyLog(machine),
        ["adaptive"] = machine => new AdaptiveDirtyLog(machine),
        ["memslot"] = machine => new MemslotDirtyLog(machine),
        ["memslot, manual"] = machine => new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled }),
        ["kvm bitmap"] = machine => new KvmDirtyLog(machine, new KvmCapabilities(KvmProfile.X86)),
        ["kvm ring"] = machine => KvmRings(machine, KvmProfile.X86, KvmCapability.DirtyLogRing),
        ["kvm ring with bitmap"] = machine => KvmRings(machine, KvmProfile.Arm64, KvmCapability.DirtyLogRingAcqRel, KvmCapability.DirtyLogRingWithBitmap),
    };

    private static readonly Dictionary<string, (Func<GuestMemory, VirtualMachine> Machine, Func<VirtualMachine, IDirtyLog> Log)> Cases = MakeCases();

    /// <summary>All of them.</summary>
    public static TheoryData<string> Names => [.. Cases.Keys];

    /// <summary>Those whose vCPUs record each page at the fault.</summary>
    public static TheoryData<string> ExactNames => [.. Cases.Keys.Where(name => HasQuota(name) && !name.StartsWith("modification log", StringComparison.Ordinal))];

    /// <summary>Those whose page table records, not the vCPU.</summary>
    public static TheoryData<string> NamesWithoutQuota => [.. Cases.Keys.Where(name => !HasQuota(name))];

    public static VirtualMachine Machine(string name, GuestMemory memory) => Cases[name].Machine(memory);

    public static IDirtyLog Log(string name, VirtualMachine machine) => Cases[name].Log(machine);

    private static bool HasQuota(string name) => !name.StartsWith("hash", StringComparison.Ordinal) && !name.StartsWith("shadow", StringComparison.Ordinal);

    private static Dictionary<string, (Func<GuestMemory, VirtualMachine> Machine, Func<VirtualMachine, IDirtyLog> Log)> MakeCases()
    {
        Dictionary<string, (Func<GuestMemory, VirtualMachine> Machine, Func<VirtualMachine, IDirtyLog> Log)> cases = new(StringComparer.Ordinal);
        foreach ((string machine, Func<GuestMemory, VirtualMachine> makeMachine) in Machines)
        {
            foreach ((string log, Func<VirtualMachine, IDirtyLog> makeLog) in Logs)
                cases.Add($"{machine}, {log}", (makeMachine, makeLog));
        }

        foreach (HashTableLogMethod method in Enum.GetValues<HashTableLogMethod>())
            cases.Add($"hash, {method}", (Hash, machine => new HashTableDirtyLog(machine, method)));
        cases.Add("shadow", (memory => new VirtualMachine(memory, vcpus: 2, new Book3sPrOptions()), machine => new ShadowDirtyLog(machine)));
        return cases;
    }

    private static KvmDirtyLog KvmRings(VirtualMachine machine, KvmProfile profile, params ReadOnlySpan<KvmCapability> enabled)
    {
        var capabilities = new KvmCapabilities(profile with { HardwareLogEntries = machine.Mmu.RecordsPerExit });
        foreach (KvmCapability capability in enabled)
            Assert.Equal(Errno.None, capabilities.EnableCap(capability, 1024 * 16));
        return new KvmDirtyLog(machine, capabilities);
    }

    private static VirtualMachine Hash(GuestMemory memory) =>
        new(memory, vcpus: 2, new HashTableOptions { Order = HptGeometry.MinimumOrder, BackingShift = 12, Era = HashTableEra.Current });
}
