using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

/// <summary>The contract of every log, for those over x86's second level: bitmap or ring, write protection or modification log, split ahead or by stores.</summary>
public abstract class TdpDirtyLogContract(Func<VirtualMachine, IDirtyLog> make, TdpOptions options)
    : DirtyLogContract(make, memory => new VirtualMachine(memory, vcpus: 2, options), readsDirty: options.MapsReadsWritable);
