using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Properties.DirtyLogging.Memslots;

// Each of the two slots is a fetch of its own, with a flush of both vCPUs.
public sealed class AutomaticMemslotLogTests()
    : WriteProtectingLogContract(machine => new MemslotDirtyLog(machine), bytesOfTheBooks: 18 * 8, flushesOfTheBooks: 2);

public sealed class ManualMemslotLogTests()
    : WriteProtectingLogContract(
        machine => new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled, Protection = MaskedProtection.Span }),
        bytesOfTheBooks: 18 * 8,
        flushesOfTheBooks: 2);

public sealed class InitiallySetMemslotLogTests() : DirtyLogContract(InitiallySet.Make, memory => new VirtualMachine(memory, vcpus: 2));

public sealed class Stage2MemslotLogTests()
    : DirtyLogContract(machine => new MemslotDirtyLog(machine), memory => new VirtualMachine(memory, 2, new Stage2Options()));

public sealed class Stage2ManualMemslotLogTests()
    : DirtyLogContract(
        machine => new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled }),
        memory => new VirtualMachine(memory, 2, new Stage2Options { EagerSplitChunk = 1 << 21 }));

public sealed class Stage2InitiallySetMemslotLogTests()
    : DirtyLogContract(InitiallySet.Make, memory => new VirtualMachine(memory, 2, new Stage2Options { EagerSplitChunk = 1 << 30 }));

internal static class InitiallySet
{
    public static IDirtyLog Make(VirtualMachine machine) => new ClearedAtStart(
        new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled | ManualProtect.InitiallySet }), machine);
}
