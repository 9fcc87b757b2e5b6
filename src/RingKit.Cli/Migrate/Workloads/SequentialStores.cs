using System.Runtime.CompilerServices;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate.Workloads;

/// <summary>Stores of eight bytes, one to a page, to a vCPU's share of the pages from the first to the last, and round again to their next words.</summary>
internal struct SequentialStores : IStoreSource
{
    private readonly ulong _first;
    private readonly ulong _end;
    private ulong _page;
    private ulong _word;
    private ulong _counter;

    /// <param name="pages">Pages from frame 0 on, at least 1.</param>
    /// <param name="vcpu">Whose share.</param>
    /// <param name="vcpus">How many share. Those that come away empty-handed take the last page.</param>
    /// <param name="counter">The vCPU's, see <see cref="SplitMix.CounterOf"/>.</param>
    public SequentialStores(ulong pages, int vcpu, int vcpus, ulong counter)
    {
        _first = Math.Min(pages * (ulong)vcpu / (ulong)vcpus, pages - 1);
        _end = Math.Max(pages * (ulong)(vcpu + 1) / (ulong)vcpus, _first + 1);
        _page = _first;
        _counter = counter;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public VcpuExit Store(Vcpu vcpu)
    {
        VcpuExit exit = vcpu.Store(_page << GuestPage.Shift | (_word & 511) << 3, _counter);
        if (exit != VcpuExit.None)
            return exit;

        _counter += SplitMix.Step;
        if (++_page == _end)
        {
            _page = _first;
            _word++;
        }

        return VcpuExit.None;
    }
}
