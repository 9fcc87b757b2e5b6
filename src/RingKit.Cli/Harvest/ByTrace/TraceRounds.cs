using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Replay;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest.ByTrace;

/// <summary>A trace in rounds of so many stores; the last one may have fewer.</summary>
/// <param name="trace">The trace.</param>
/// <param name="interval">Stores of a round, at least 1.</param>
internal sealed class TraceRounds(TraceStores trace, int interval) : IRoundStores
{
    // For each frame the number of the visit to a round, from 1, that has last met it.
    private readonly long[] _met = new long[trace.EndGfn];
    private readonly List<uint> _pages = [];
    private readonly List<ulong[]> _scratch = [];
    private long _visit;
    private int _first;
    private int _end;

    /// <summary>How many rounds there are.</summary>
    public int Count => (int)(((long)trace.Count + interval - 1) / interval);

    /// <summary>Goes to a round.</summary>
    /// <param name="round">From 0.</param>
    /// <returns>The pages that it stores to, each once.</returns>
    public uint[] GoTo(int round)
    {
        _visit++;
        _pages.Clear();
        _first = round * interval;
        _end = (int)Math.Min((long)_first + interval, trace.Count);
        foreach (TraceStore store in trace.All.AsSpan(_first.._end))
        {
            ulong gfn = store.Gpa >> GuestPage.Shift;
            if (_met[gfn] == _visit)
                continue;
            _met[gfn] = _visit;
            _pages.Add((uint)gfn);
        }

        return [.. _pages];
    }

    public VcpuShare ShareOf(Vcpu vcpu, int vcpus, IDirtyLog log, HarvestedPages harvested)
    {
        while (_scratch.Count < vcpus)
            _scratch.Add(new ulong[GuestPage.Size / sizeof(ulong)]);
        var program = new TraceProgram(trace.All, Part(vcpu.Id, vcpus), Part(vcpu.Id + 1, vcpus), _scratch[vcpu.Id]);
        return new ProgramShare<TraceProgram>(vcpu, log, harvested, program);
    }

    private int Part(int vcpu, int vcpus) => _first + (int)((long)(_end - _first) * vcpu / vcpus);
}
