using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging.Memslots;

namespace RingKit.Properties.DirtyLogging.Tdp;

/// <summary>The same where the first store to a page faults, and nothing is split ahead.</summary>
public sealed class MemslotInitiallySetProtectionTests()
    : TdpDirtyLogContract(InitiallySet.Make, new TdpOptions { LogMethod = TdpLogMethod.WriteProtection, SplitsEagerly = false });
