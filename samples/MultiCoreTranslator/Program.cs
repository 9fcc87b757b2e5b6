using System.Diagnostics;
using MultiCoreTranslator;
using RingKit.Rings;

// Four cores tell each other what code they wrote, by rings or by a list under a lock. While memory is measured, core 2 has left and core 3 is halted.
const int Cores = 4, Leaver = 2, Milliseconds = 40;
bool quick = args.Contains("--quick"), forgets = args.Contains("--forget-fences");
int words = quick ? 1 << 19 : 1 << 21, pairs = quick ? 2 : 31;
string? failure = null;
(_, long flat) = (Grow(LaggardPolicy.DropOldest), Grow(LaggardPolicy.DropOldest));    // the first has the compiler's memory, too
Console.WriteLine($"a halted core: memory grows by {flat >> 10} KiB with rings, by {Grow(null) >> 10} KiB with a list");
failure ??= flat < 4L * words ? null : "half of what was published while a core was halted is still in memory";
foreach (int block in (int[])[1, 8, 64])
{
    (Core[] rings, Core[] lists) = (Make(LaggardPolicy.Block, capacity: 1 << 19), Make(null));
    double Slot(Core[] cores) => Together(cores, block, long.MaxValue / 2, Milliseconds);
    (double Rings, double List)[] times = [.. Enumerable.Range(0, pairs).Select(_ => (Slot(rings), Slot(lists))).OrderBy(pair => pair.Item2 / pair.Item1)];
    string Times(int i) => $"{times[i].List / times[i].Rings:0.0}";
    Console.WriteLine($"blocks of {block}: {times[pairs / 2].Rings:0.0} ns a word with rings, {times[pairs / 2].List:0.0} ns with a list: "
        + $"{Times(pairs / 2)} times, the middle half of the slots {Times(pairs / 4)} to {Times(pairs * 3 / 4)}");
    failure ??= quick || times[pairs / 2].List >= 10 * times[pairs / 2].Rings ? null : "the rings are not 10 times as fast";
    failure ??= rings.Sum(core => core.Allocated) == 0 ? null : "the cores allocated in the steady state";
}

Console.WriteLine(failure is null ? "no stale translation, nothing lost uncounted, 0 bytes allocated in the steady state" : $"failed: {failure}");
return failure is null ? 0 : 1;

Core[] Make(LaggardPolicy? policy, int capacity = 1 << 16)
{
    (ulong[] pages, List<ulong> list, int[] cursors) = (new ulong[4096], new(1 << 16), new int[Cores]);
    BroadcastRing<uint>[] rings =
        [.. cursors.Select(_ => new BroadcastRing<uint>(capacity, new() { WhenReaderLags = policy ?? default, NeverPauses = true }))];
    return [.. cursors.Select((_, id) => new Core(id, pages, policy is null ? null : new(rings, id), new(list, cursors, id), forgets && id == 0))];
}

long Grow(LaggardPolicy? policy)
{
    Core[] cores = Make(policy);
    Together(cores, block: 1, words / 2, int.MaxValue);
    Together(cores, block: 1, words, int.MaxValue, away: true);
    return cores[^1].Growth;
}

// Runs a thread for each core, two of which may be away until the others are done. Nanoseconds a word.
double Together(Core[] cores, int block, long words, long milliseconds, bool away = false)
{
    using CountdownEvent all = new(Cores);
    Thread[] threads = [.. cores.Select((core, id) =>
        new Thread(() => core.Run(block, words, milliseconds, all, leaves: away && id == Leaver, halts: away && id > Leaver)))];
    (long before, long begin) = (cores.Sum(core => core.Words), Stopwatch.GetTimestamp());
    Array.ForEach(threads, thread => thread.Start());
    Array.ForEach(threads, thread => thread.Join());
    double time = Stopwatch.GetElapsedTime(begin).TotalNanoseconds / (cores.Sum(core => core.Words) - before);
    failure ??= cores.Any(core => core.HasStaleTranslation) ? "a core has translated what is not in memory any more" : null;
    failure ??= cores.Where((_, id) => id != Leaver || !away).All(core => core.Told == core.Due(cores)) ? null : "writes were lost and not counted";
    return time;
}
