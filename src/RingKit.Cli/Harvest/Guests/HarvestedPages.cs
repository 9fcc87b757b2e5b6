using System.Runtime.CompilerServices;
using RingKit.Cli.Replay;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>What harvests hand over: noted while the clock runs, looked at when it has stopped.</summary>
internal sealed class HarvestedPages
{
    // A round that fills it has its pages looked at under the clock: it has a million pages, beside which that is little.
    private const int Room = 1 << 20;

    // 64 KiB, beside which a round of more masks is long.
    private const int NearMasks = 4096;

    private readonly (ulong BasePage, ulong Mask)[] _masks = new (ulong, ulong)[Room];
    private ExpectedPages _expected = new(0);
    private int _count;
    private ulong? _stray;

    // So that the host gives the memory now.
    public HarvestedPages() => _masks.AsSpan().Fill((1, 1));

    /// <summary>The pages that are expected.</summary>
    public ReadOnlySpan<uint> Expected => _expected.Pages;

    /// <summary>Expects these pages of a guest from now on.</summary>
    public void Expect(ulong guestPages, uint[] pages)
    {
        if (_expected.Total != guestPages)
            _expected = new ExpectedPages(guestPages);
        _expected.Set(pages);
    }

    /// <summary>Begins a round. What is noted first is in the caches then: to bring it there is no cost of a log.</summary>
    public void Begin()
    {
        _masks.AsSpan(0, NearMasks).Clear();
        _count = 0;
        _stray = null;
        _expected.Begin();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ulong basePage, ulong mask)
    {
        if (_count == Room)
            LookAt();
        _masks[_count++] = (basePage, mask);
    }

    /// <summary>Ends a round: holds what was handed over against what was stored to.</summary>
    /// <param name="log">Whose harvests these were.</param>
    /// <exception cref="LogsDisagreeException">They differ.</exception>
    public void Check(string log)
    {
        LookAt();
        if (_stray is { } stray)
            throw new LogsDisagreeException($"the {log} log has a page that the guest did not store to: guest frame {stray}");
        if (!_expected.IsComplete)
            throw new LogsDisagreeException($"the {log} log misses a page that the guest stored to: guest frame {_expected.FirstMissing()}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void LookAt()
    {
        foreach ((ulong basePage, ulong mask) in _masks.AsSpan(0, _count))
            _stray ??= _expected.Report(basePage, mask);
        _count = 0;
    }

    /// <summary>Notes what it is given.</summary>
    internal readonly struct Sink(HarvestedPages pages) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => pages.Add(baseOffset, mask);
    }
}
