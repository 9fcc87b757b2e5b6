using RingKit.Mmu.Guest;

namespace RingKit.Properties.Migration;

/// <summary>Stores to random words, for ever. Each vCPU has words of its own, so the last store to each is somebody's last.</summary>
/// <param name="pages">Pages from frame 0 on.</param>
/// <param name="vcpu">The vCPU's number, below 4.</param>
internal struct EndlessStores(ulong pages, int vcpu) : IGuestProgram
{
    private ulong _state = (ulong)vcpu + 2019;

    public ulong Stores { get; private set; }

    public VcpuExit Step(Vcpu self)
    {
        ulong next = (_state * 6364136223846793005) + 1442695040888963407, word = (next >> 33) % (pages * (GuestPage.Size / 32));
        VcpuExit exit = self.Store((word * 32) + ((ulong)vcpu * 8), next);
        if (exit != VcpuExit.None)
            return exit;
        _state = next;
        Stores++;
        return VcpuExit.None;
    }
}
