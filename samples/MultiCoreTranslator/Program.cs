using System.Diagnostics;
using MultiCoreTranslator;
using RingKit.Rings;

// Four cores tell each other what code they wrote, by rings or by a list under a lock. Where some are away, core 2 has left and core 3 is halted.
const int Cores = 4, Leaver = 2;
bool quick = args is ["--quick"];
int words = quick ? 1 << 19 : 1 << 21, rounds = quick ? 1 : 5;
string? failure = null;
Run(LaggardPolicy.DropOldest, block: 1, someAway: true);    // the first run has the compiler's memory too
long flat = Run(LaggardPolicy.DropOldest, block: 1, someAway: true).Growth, grown = Run(null, block: 1, someAway: true).Growth;
Console.WriteLine($"a halted core: memory grows by {flat >> 10} KiB with rings, by {grown >> 10} KiB with a list");
failure ??= flat < 4L * words ? null : "half of what was published while a core was halted is still in memory";
foreach (int block in (int[])[1, 8, 64])
{
    var times = Enumerable.Range(0, rounds).Select(_ => (Rings: Run(LaggardPolicy.Block, block).Time, List: Run(null, block).Time)).ToArray();
    double rings = times.Select(time => time.Rings).Order().ElementAt(rounds / 2), list = times.Select(time => time.List).Order().ElementAt(rounds / 2);
    Console.WriteLine($"blocks of {block}: {rings:0.0} ns a word with rings, {list:0.0} ns with a list: {list / rings:0.0} times");
    failure ??= quick || block == 8 || list / rings >= 10 ? null : "the rings are not 10 times as fast";
}

Console.WriteLine(failure is null ? "no stale translation, nothing lost uncounted, 0 bytes allocated in the steady state" : $"failed: {failure}");
return failure is null ? 0 : 1;

(double Time, long Growth) Run(LaggardPolicy? policy, int block, bool someAway = false)
{
    using var rings = policy is null ? null : new RingCodeWrites(Cores, policy.Value);
    (ulong[] pages, var list) = (new ulong[4096], new ListCodeWrites(Cores));
    Core[] cores = [.. Enumerable.Range(0, Cores).Select(id => new Core(id, pages, rings, list))];
    long[] allocated = new long[Cores];
    long begin = 0, growth = 0;
    using var start = new Barrier(Cores, _ => begin = Stopwatch.GetTimestamp());
    using CountdownEvent warm = new(Cores), done = new(Cores);
    Thread[] threads = [.. cores.Select((core, id) => new Thread(() =>
    {
        rings?.Join(id);
        start.SignalAndWait();
        core.Run(words / 2, block, warm);
        start.SignalAndWait();
        if (someAway && id >= Leaver)
        {
            (id == Leaver ? rings : null)?.Leave(id);
            long before = Environment.WorkingSet;
            while (done.CurrentCount > Leaver)
                Thread.Sleep(1);
            growth = Environment.WorkingSet - before;
            (id == Leaver ? rings : null)?.Join(id);
            core = cores[id] = id == Leaver ? new Core(id, pages, rings, list) : core;
        }

        allocated[id] = -GC.GetAllocatedBytesForCurrentThread();
        core.Run(words, block, done);
        allocated[id] += GC.GetAllocatedBytesForCurrentThread();
    }))];
    Array.ForEach(threads, thread => thread.Start());
    Array.ForEach(threads, thread => thread.Join());
    double nanoseconds = Stopwatch.GetElapsedTime(begin).TotalNanoseconds / words / Cores;
    int writes = (words + (words / 2)) * (rings is null ? Cores : Cores - 1) / (rings is null ? 1 : block);
    failure ??= rings is null || allocated.Sum() == 0 ? null : "the cores allocated in the steady state";
    failure ??= cores.Any(core => core.HasStaleTranslation) ? "a core has translated what is not in memory any more" : null;
    failure ??= cores.All(core => core.Told == (ulong)writes || (someAway && core == cores[Leaver])) ? null : "writes were lost and not counted";
    return (nanoseconds, growth);
}
