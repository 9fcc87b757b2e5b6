using System.Diagnostics;
using System.Globalization;
using RingKit.Bench.Density;
using RingKit.Bench.Inputs;
using RingKit.Bench.Rivals;
using RingKit.Memory;
using RingKit.Sweeps;

namespace RingKit.Bench.HashTable;

/// <summary>The sweep of tables that are not in the caches, beside a loop that only reads them; and one of 8 GiB, that of a guest of 1 TiB.</summary>
internal static class SweepSpeed
{
    private const int Rounds = 15;
    private const int WarmUpKibibytes = 16 << 10;
    private const int LargeRounds = 3;
    private const int LargeOrder = 33;
    private const uint FilledPairs = 1 << 20;

    // Beside the table, for all else that runs on the machine.
    private const long SpareBytes = 2L << 30;

    public static void Write(TextWriter output, bool isQuick)
    {
        output.WriteLine();
        output.WriteLine("sweep of a table, GB/s: reading alone, count, find (what a harvest does); shares of reading; count on all cores, times one; reading by two threads that wait for it without sleeping, times one");
        if (!isQuick)
            WarmUp();
        foreach (int mebibytes in isQuick ? (int[])[32] : [32, 128, 1024])
            Compare(output, mebibytes, isQuick ? 1 : Rounds);
        if (!isQuick)
            SweepLarge(output);
    }

    private static void Compare(TextWriter output, int mebibytes, int rounds)
    {
        using var table = new SweepTable(mebibytes << 10, density: 0);
        NativeView<WordPair> view = table.View;
        TwoReaders? readers = null;
        ulong[] found = new ulong[128];
        Action[] contenders =
        [
            () => Consume(ReadKernel.OrAll(in Words(view), view.Length * 2)),
            () => Consume(PairSweep.Count(view, SweepTable.Running).Candidates),
            () => Consume(FindAll(view, SweepTable.Running, found)),
            () => Consume(PairSweep.CountParallel(view, SweepTable.Running).Candidates),
            () => Consume(readers!.Read(in Words(view), view.Length * 2)),
        ];
        var times = contenders.Select(_ => new List<double>()).ToArray();
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < contenders.Length; i++)
            {
                // Only for its own turn: it keeps a core busy.
                readers = i == contenders.Length - 1 ? new TwoReaders() : null;
                Caches.Evict();
                long start = Stopwatch.GetTimestamp();
                contenders[i]();
                times[i].Add(Clock.Since(start));
                readers?.Dispose();
            }
        }

        double Gain(int one, int two) => Measurement.Median(times[one].Zip(times[two], (slow, fast) => slow / fast));
        double[] rates = [.. times.Select(list => ((double)mebibytes * (1 << 20)) / Measurement.Median(list))];
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{mebibytes,5} MiB: {rates[0]:0.0}, {rates[1]:0.0}, {rates[2]:0.0}; {rates[1] / rates[0]:0 %}, {rates[2] / rates[0]:0 %}; {rates[3]:0.0}, {Gain(1, 3):0.00} times; {rates[4]:0.0}, {Gain(0, 4):0.00} times"));
    }

    // Until the runtime's last compilation is behind all that runs.
    private static void WarmUp()
    {
        using var table = new SweepTable(WarmUpKibibytes, density: 0);
        ulong[] found = new ulong[128];
        for (int pause = 0; pause < 4; pause++)
        {
            for (int i = 0; i < 40; i++)
            {
                Consume(ReadKernel.OrAll(in Words(table.View), table.View.Length * 2));
                Consume(PairSweep.Count(table.View, SweepTable.Running).Candidates);
                Consume(FindAll(table.View, SweepTable.Running, found));
                Consume(PairSweep.CountParallel(table.View, SweepTable.Running).Candidates);
            }

            Thread.Sleep(200);
        }
    }

    private static void SweepLarge(TextWriter output)
    {
        const long Bytes = 1L << LargeOrder;
        if (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes is var all && AvailableBytes() is var free && Math.Min(all, free) < Bytes + SpareBytes)
        {
            output.WriteLine($" 8 GiB: left out, as only {free >> 20} MiB of memory are free");
            return;
        }

        using var block = new NativeBlock<WordPair>(1u << (LargeOrder - 4), alignment: 4096);
        NativeView<WordPair> view = block.View;
        WordPair changed = new(SweepTable.Running.First, SweepTable.Running.Second);
        for (nuint part = 0; part < view.Length; part += FilledPairs)
        {
            Span<WordPair> pairs = view.Slice(part, FilledPairs).AsSpan();
            pairs.Fill(new WordPair(1, 1));
            pairs[^1] = changed;
        }

        ulong[] found = new ulong[128];
        ulong count = 0;
        var times = (One: new List<double>(), All: new List<double>());
        for (int round = 0; round < LargeRounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            count = FindAll(view, SweepTable.Running, found);
            times.One.Add(Clock.Since(start));
            start = Stopwatch.GetTimestamp();
            PairSweep.CountParallel(view, SweepTable.Running);
            times.All.Add(Clock.Since(start));
        }

        (double one, double two) = (Measurement.Median(times.One), Measurement.Median(times.All));
        if (count != view.Length / FilledPairs)
            throw new WrongPagesException($"the sweep of 8 GiB found {count} entries, and not {view.Length / FilledPairs}");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $" 8 GiB, a guest of 1 TiB: {one / 1e6:0} ms, {Bytes / one:0.0} GB/s; on all cores {two / 1e6:0} ms, {Bytes / two:0.0} GB/s"));
    }

    private static ulong FindAll(NativeView<WordPair> view, PairFilter filter, ulong[] found)
    {
        ulong count = 0;
        for (ulong cursor = 0; cursor < view.Length;)
            count += (uint)PairSweep.Find(view, filter, found, ref cursor);
        return count;
    }

    private static long AvailableBytes()
    {
        string? line = File.Exists("/proc/meminfo")
            ? File.ReadLines("/proc/meminfo").FirstOrDefault(text => text.StartsWith("MemAvailable:", StringComparison.Ordinal))
            : null;
        return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }

    // Invariant: a view's pairs are two words each.
    private static unsafe ref readonly ulong Words(NativeView<WordPair> view) => ref *(ulong*)view.DangerousPointer;

    private static void Consume(ulong value)
    {
        if (value == ulong.MaxValue)
            throw new InvalidOperationException("No table has so many entries.");
    }
}
