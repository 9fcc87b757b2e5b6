using System.Diagnostics;
using GeneratedCode;
using RingKit.Bitmaps;
using RingKit.Memory;
using static GeneratedCode.StoreCompiler;

const ulong Pages = 4096, HotPages = 8, PassStores = 8 * Pages * WordsInPage, TurnStores = 1 << 20;
bool isQuick = args.Contains("--quick"), forgetsMarks = args.Contains("--forget-marks");
int passes = isQuick ? 20 : 100, turns = isQuick ? 10 : 100;
using var memory = new NativeBlock<ulong>((nuint)Pages * WordsInPage, alignment: 4096);
using var bitmap = new DirtyBitmap<TestBeforeBarrier>(Pages);
using MarkView view = bitmap.OpenMarkView();
ulong[] copy = new ulong[memory.Length];
nuint address;
unsafe
{
    address = (nuint)memory.View.DangerousPointer;
}

// Passes of eight rounds over all pages, a harvester beside each. When no store is under way and no page dirty, what it has copied is the memory.
Action<ulong, ulong> stores = Compile(address, Pages, view, forgetsMarks ? Marking.None : Marking.TestFirst);
var copying = new CheckedCopy(memory.View, copy, Pages);
ulong next = PassStores;
long harvests = 0, lost = 0;
for (int pass = 0; pass < passes; pass++, next += PassStores)
{
    var guest = Task.Run(() => stores(next, next + PassStores));
    while (!guest.IsCompleted)
        Harvest(ref copying);
    Harvest(ref copying);
    if (!memory.View.AsSpan().SequenceEqual(copy))
        lost++;
}

Check(copying.WrongWords == 0, $"{copying.WrongWords} words of the copied pages are none that was stored there");
Check(lost == 0, $"stores were lost in {lost} of {passes} passes");
string counts = $"{next - PassStores:N0} stores, {harvests:N0} harvests, {copying.Pages:N0} pages copied and checked";

// What a mark costs on hot pages: all kinds in turn, and the tested one also beside a harvest every millisecond.
Action<ulong, ulong>[] kinds = [.. Enum.GetValues<Marking>().Select(kind => Compile(address, HotPages, view, kind))];
double[][] times = [new double[turns], new double[turns], new double[turns], new double[turns]];
for (int turn = 0; turn < turns; turn++)
{
    for (int kind = 0; kind < kinds.Length; kind++)
        times[kind][turn] = Time(kinds[kind]);
}

var copyingHot = new CheckedCopy(memory.View, copy, HotPages);
using var done = new CancellationTokenSource();
var harvester = Task.Run(() =>
{
    while (!done.Token.WaitHandle.WaitOne(millisecondsTimeout: 1))
        Harvest(ref copyingHot);
});
for (int turn = 0; turn < turns; turn++)
    times[^1][turn] = Time(kinds[(int)Marking.TestFirst]);
done.Cancel();
harvester.Wait();
Check(copyingHot.WrongWords == 0, $"{copyingHot.WrongWords} words of the hot pages are none that was stored there");

Array.ForEach(times, Array.Sort);
double[] medians = [.. times.Select(sorted => sorted[turns / 2])];
double bare = medians[0], mark = medians[(int)Marking.TestFirst] - bare;
Check(isQuick || mark <= 1.5, $"a mark costs {mark:F2} ns on top of its store, not 1.5 or less");
Console.WriteLine($"GeneratedCode: ok, {counts}, nothing lost");
Console.WriteLine($"a store {bare:F2} ns, its mark {mark:F2} on top; beside a harvest every ms {medians[3] - bare:F2}, always an or {medians[2] - bare:F2}");

void Harvest(ref CheckedCopy sink)
{
    long before = sink.Pages;
    bitmap.HarvestMasks(ref sink);
    harvests += sink.Pages != before ? 1 : 0;
}

double Time(Action<ulong, ulong> code)
{
    long start = Stopwatch.GetTimestamp();
    code(next, next += TurnStores);
    return Stopwatch.GetElapsedTime(start).TotalNanoseconds / TurnStores;
}

static void Check(bool isTrue, string otherwise)
{
    if (isTrue)
        return;
    Console.Error.WriteLine($"GeneratedCode: failed: {otherwise}");
    Environment.Exit(1);
}
