using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;

namespace RingKit.Properties.DirtyLogging.Memslots;

public sealed class ManualMemslotLogTests()
    : WriteProtectingLogContract(
        machine => new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled, Protection = MaskedProtection.Span }),
        bytesOfTheBooks: 18 * 8,
        flushesOfTheBooks: 2);
