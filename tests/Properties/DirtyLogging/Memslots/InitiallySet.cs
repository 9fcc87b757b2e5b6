using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.Memslots;

internal static class InitiallySet
{
    public static IDirtyLog Make(VirtualMachine machine) => new ClearedAtStart(
        new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled | ManualProtect.InitiallySet }), machine);
}
