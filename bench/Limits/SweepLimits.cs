using System.Runtime.InteropServices;
using RingKit.Bench.Inputs;
using RingKit.Bench.Rivals;
using RingKit.Sweeps;

namespace RingKit.Bench.Limits;

/// <summary>The floors of the sweep: in the second-level cache six times as fast as pair by pair, in memory 90 % of the reading speed.</summary>
internal sealed class SweepLimits : IDisposable
{
    private const int Repeats = 32;

    private readonly NativeLimits _bare;
    private readonly NativeSweep _native;
    private readonly SweepTable _cached;
    private readonly SweepTable _far;

    /// <summary>Prepares them.</summary>
    /// <param name="bare">The instructions.</param>
    /// <param name="native">The sweep in C++.</param>
    /// <param name="shrink">By how much tables are smaller than they should be, for a trial.</param>
    public SweepLimits(NativeLimits bare, NativeSweep native, int shrink)
    {
        (_bare, _native) = (bare, native);
        _cached = new SweepTable(512, density: 0.001);
        _far = new SweepTable((256 << 10) / shrink, density: 0.001);
        All = [Cached("both classes", SweepTable.Running), Cached("one class", SweepTable.Stopped), Far()];
    }

    public IReadOnlyList<Limit> All { get; }

    /// <summary>What was found, so that it is.</summary>
    public ulong Found { get; private set; }

    public void Dispose()
    {
        _far.Dispose();
        _cached.Dispose();
    }

    private Limit Cached(string classes, PairFilter filter) => new(
        $"sweep of 512 KiB (L2), {classes}",
        "KiB",
        _cached.View.Length / 64.0 * Repeats,
        "a sixth of pair by pair",
        () => { },
        () => Repeat(() => PairSweep.Count(_cached.View, filter)),
        [
            ("pair by pair", () => Repeat(() => NaiveSweep.Count(_cached.View.AsSpan(), filter))),
            ("g++, whole words", () => Repeat(() => _native.Whole(_cached.View, filter))),
            ("g++, halves of words", () => Repeat(() => _native.Halves(_cached.View, filter))),
            ("read loop", () => Repeat(() => _bare.Read(MemoryMarshal.Cast<WordPair, ulong>(_cached.View.AsSpan())))),
        ]);

    private Limit Far() => new(
        "sweep of 256 MiB",
        "KiB",
        _far.View.Length / 64.0,
        "90 % of the reading speed",
        () => { },
        () => PairSweep.Count(_far.View, SweepTable.Running),
        [
            ("read loop", () => _bare.Read(MemoryMarshal.Cast<WordPair, ulong>(_far.View.AsSpan()))),
            ("g++, whole words", () => _native.Whole(_far.View, SweepTable.Running)),
        ]);

    private void Repeat(Func<PairCounts> count)
    {
        for (int i = 0; i < Repeats; i++)
            Found += count().Candidates;
    }

    private void Repeat(Func<ulong> read)
    {
        for (int i = 0; i < Repeats; i++)
            Found += read();
    }
}
