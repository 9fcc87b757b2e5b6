using System.Runtime.CompilerServices;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate.Workloads;

/// <summary>Stores of eight bytes to random words of random pages: all pages alike, or some of them hot.</summary>
internal struct RandomStores : IStoreSource
{
    // One page of a hundred takes nine stores of ten.
    private const ulong HotStride = 100;
    private const uint HotOf65536 = 58_982;

    private readonly ulong _pages;
    private readonly ulong _hotPages;
    private ulong _counter;

    private RandomStores(ulong pages, ulong hotPages, ulong counter)
    {
        _pages = pages;
        _hotPages = hotPages;
        _counter = counter;
    }

    /// <param name="pages">Pages from frame 0 on, at least 1.</param>
    /// <param name="counter">The vCPU's, see <see cref="SplitMix.CounterOf"/>.</param>
    public static RandomStores Alike(ulong pages, ulong counter) => new(pages, hotPages: 0, counter);

    /// <inheritdoc cref="Alike"/>
    public static RandomStores Hot(ulong pages, ulong counter) => new(pages, (pages + HotStride - 1) / HotStride, counter);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public VcpuExit Store(Vcpu vcpu)
    {
        // The page from the number's high bits, what kind of page from its low ones, the word from those between. The counter is what is stored: no two
        // stores of a vCPU are the same, so that a lost one shows.
        ulong random = SplitMix.Mix(_counter);
        ulong page = (random & 0xffff) < HotOf65536 && _hotPages != 0
            ? Math.BigMul(random, _hotPages, out _) * HotStride
            : Math.BigMul(random, _pages, out _);
        VcpuExit exit = vcpu.Store(page << GuestPage.Shift | (random >> 16 & 511) << 3, _counter);
        if (exit == VcpuExit.None)
            _counter += SplitMix.Step;
        return exit;
    }
}
