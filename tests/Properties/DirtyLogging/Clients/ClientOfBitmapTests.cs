using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.Clients;

/// <summary>The contract of every log, for a client of one.</summary>
public sealed class ClientOfBitmapTests() : DirtyLogContract(
    machine => new ClientAsLog(new BitmapDirtyLog(machine), machine), memory => new VirtualMachine(memory, vcpus: 2));
