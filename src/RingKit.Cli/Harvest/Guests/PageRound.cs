using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>Rounds that are all alike: a store to each of some pages.</summary>
/// <param name="pages">Guest frames, from 0.</param>
internal sealed class PageRound(uint[] pages) : IRoundStores
{
    public VcpuShare ShareOf(Vcpu vcpu, int vcpus, IDirtyLog log, HarvestedPages harvested) =>
        new ProgramShare<PageStores>(vcpu, log, harvested, new PageStores(pages, Part(vcpu.Id, vcpus), Part(vcpu.Id + 1, vcpus)));

    private int Part(int vcpu, int vcpus) => (int)((long)pages.Length * vcpu / vcpus);
}
