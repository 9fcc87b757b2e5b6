using RingKit.Mmu.DirtyLogging;

namespace RingKit.Properties.DirtyLogging.Memslots;

// Each of the two slots is a fetch of its own, with a flush of both vCPUs.
public sealed class AutomaticMemslotLogTests()
    : WriteProtectingLogContract(machine => new MemslotDirtyLog(machine), bytesOfTheBooks: 18 * 8, flushesOfTheBooks: 2);
