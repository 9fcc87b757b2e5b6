using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.Clients;

/// <summary>The contract of every log, for a client of one that vCPUs can fill.</summary>
public sealed class ClientOfRingTests() : DirtyLogContract(
    machine => new ClientAsLog(new RingDirtyLog(machine, ringEntries: 256), machine), memory => new VirtualMachine(memory, vcpus: 2));
