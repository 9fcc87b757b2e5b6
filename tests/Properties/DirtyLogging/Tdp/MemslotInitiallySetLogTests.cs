using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging.Memslots;

namespace RingKit.Properties.DirtyLogging.Tdp;

/// <summary>Large leaves are writable when the log has started, and are protected, or split, by the clears that touch them.</summary>
public sealed class MemslotInitiallySetLogTests() : TdpDirtyLogContract(InitiallySet.Make, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog });
