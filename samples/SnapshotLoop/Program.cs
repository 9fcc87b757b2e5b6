using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using RingKit.Bitmaps.Listing;
using RingKit.Memory;
using SnapshotLoop;

const int MemoryBytes = 64 << 20, PageBytes = 1 << Rv32I.PageShift, InputAt = 0x100000, Steps = 1_000_000, LookAtAll = 250;
bool isQuick = args.Contains("--quick"), forgetsMarks = args.Contains("--forget-marks");
int executions = isQuick ? 1_000 : 10_000, fullCopies = isQuick ? 10 : 50;
using var memory = new NativeBlock<byte>(MemoryBytes, PageBytes);
using var dirty = new DirtyList(MemoryBytes / PageBytes);
var machine = new Rv32I(memory.View, dirty);
Span<byte> ram = memory.View.AsSpan();

Load("instructions.lst", ram);
bool wentThrough = machine.Run(Steps) == Rv32I.Exit.Break && machine.Run(Steps) == Rv32I.Exit.Call && machine.State[10] == 0;
Check(wentThrough, $"instruction test {machine.State[3]} failed");
Load("distinct.lst", ram);
Check(machine.Run(Steps) == Rv32I.Exit.Break, "the program did not come to the place of the snapshot");

// The snapshot. What is dirty by now is in it.
ulong[] pages = new ulong[dirty.Pages];
TakeDirty();
byte[] savedRam = [.. ram];
uint[] savedState = [.. machine.State];
uint[] input = [55, .. new uint[55]];
var random = new Random(Seed: 8);
long dirtied = 0;
TimeSpan byList = TimeSpan.Zero, byCopies = TimeSpan.Zero;
for (int execution = 1; execution <= executions; execution++)
{
    long start = Stopwatch.GetTimestamp();
    Rv32I.Exit exit = Execute(ram);
    uint answer = machine.State[10];
    ReadOnlySpan<ulong> taken = pages.AsSpan(0, TakeDirty());
    foreach (ulong page in taken)
        PageOf(savedRam, page).CopyTo(PageOf(ram, page));
    savedState.CopyTo(machine.State, 0);
    byList += Stopwatch.GetElapsedTime(start);

    dirtied += taken.Length;
    bool isEqual = machine.State.AsSpan().SequenceEqual(savedState);
    foreach (ulong page in taken)
        isEqual &= PageOf(ram, page).SequenceEqual(PageOf(savedRam, page));
    isEqual &= execution % LookAtAll != 0 || ram.SequenceEqual(savedRam);
    Check(exit == Rv32I.Exit.Call && answer == input[1..].Distinct().Count(), $"execution {execution} ended with {exit} and {answer}");
    Check(isEqual, $"the machine is not that of the snapshot after execution {execution}");
}

for (int execution = 0; execution < fullCopies; execution++)
{
    long start = Stopwatch.GetTimestamp();
    Execute(ram);
    savedRam.CopyTo(ram);
    savedState.CopyTo(machine.State, 0);
    byCopies += Stopwatch.GetElapsedTime(start);
}

double rate = executions / byList.TotalSeconds, copyRate = fullCopies / byCopies.TotalSeconds, each = (double)dirtied / executions;
Check(each >= 50, $"only {each:F1} pages were dirtied by an execution");
Check(isQuick || rate >= 20 * copyRate, $"{rate / copyRate:F1} times the executions a second of full copies, not 20");
Console.WriteLine($"SnapshotLoop: ok, {executions:N0} executions restored, {each:F1} dirty pages of {dirty.Pages:N0} each");
Console.WriteLine($"{rate:N0} executions a second, by full copies {copyRate:N0}: {rate / copyRate:N0} times as many");

// Takes the words of a listing: lines of an address, a colon and a word.
void Load(string listing, Span<byte> ram)
{
    foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Programs", listing)).Where(line => line is [_, _, _, _, ':', ..]))
        MemoryMarshal.Write(ram[(int)Hexadecimal(line[..4])..], Hexadecimal(line[6..14]));
    Array.Clear(machine.State);
}

static uint Hexadecimal(string digits) => uint.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

// An input of the host's: how many words, and the words, of which one in ten was there before. What the host writes is dirty too.
Rv32I.Exit Execute(Span<byte> ram)
{
    for (int i = 1; i < input.Length; i++)
        input[i] = i > 1 && random.Next(10) == 0 ? input[random.Next(1, i)] : (uint)random.Next(1, int.MaxValue);
    MemoryMarshal.AsBytes<uint>(input).CopyTo(ram[InputAt..]);
    if (!forgetsMarks)
        dirty.Mark(InputAt / PageBytes);
    return machine.Run(Steps);
}

int TakeDirty()
{
    ulong cursor = 0;
    return dirty.HarvestIndices(pages, ref cursor);
}

static Span<byte> PageOf(Span<byte> memory, ulong page) => memory.Slice((int)page * PageBytes, PageBytes);

static void Check(bool isTrue, string otherwise)
{
    if (isTrue)
        return;
    Console.Error.WriteLine($"SnapshotLoop: failed: {otherwise}");
    Environment.Exit(1);
}
