using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.Kvm;

/// <summary>
/// A process written in C, which knows KVM's header and nothing of RingKit, harvests a <see cref="DirtyRing"/> through a shared file: same sizes,
/// same offsets, same flags, same entries.
/// </summary>
[Collection(RunAlone.Name)]
public sealed partial class HarvestedInC
{
    private const ulong SlotPages = 1UL << 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly uint[] SlotIds = [0, 1, 0x7ffb, 0x0001_0002];

    [Fact]
    public void The_header_has_the_same_layout()
    {
        SkipWithoutC();
        using var c = new CHarvester();
        (_, string output, _) = Programs.Run(Patience, c.Program);
        Report.Line("KVM's header: " + output.ReplaceLineEndings(" "));
        Dictionary<string, long> header = Numbers(output);
        Assert.Equal(Marshal.SizeOf<DirtyGfn>(), header["size"]);
        Assert.Equal(DirtyGfn.SizeInBytes, header["size"]);
        Assert.Equal(Marshal.OffsetOf<DirtyGfn>(nameof(DirtyGfn.Flags)), header["flags"]);
        Assert.Equal(Marshal.OffsetOf<DirtyGfn>(nameof(DirtyGfn.Slot)), header["slot"]);
        Assert.Equal(Marshal.OffsetOf<DirtyGfn>(nameof(DirtyGfn.Offset)), header["offset"]);
        Assert.Equal((sizeof(uint), sizeof(uint), sizeof(ulong)), (header["flags_size"], header["slot_size"], header["offset_size"]));
        Assert.Equal((DirtyGfn.Dirty, DirtyGfn.Reset, DirtyGfn.Dirty | DirtyGfn.Reset), (header["dirty"], header["reset"], header["mask"]));

        // Where the ring begins in a vCPU's mapping, in pages. The header has one for each architecture; 0 would be none.
        if (RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64)
            Assert.Equal(64, header["page"]);
    }

    [Theory]
    [InlineData(256, 200_000)]
    [InlineData(4096, 1_000_000)]
    public void Every_entry_arrives_in_order_and_comes_back(int capacity, int total)
    {
        SkipWithoutC();
        using var c = new CHarvester();
        string path = c.PathOf("ring"), harvest = c.PathOf("harvest");
        using SharedMapping mapping = SharedMapping.Create(path, (nuint)capacity * DirtyGfn.SizeInBytes);
        using DirtyRing ring = Over(mapping, capacity);
        (uint Slot, ulong Offset)[] pushed = Entries(total);
        HashSet<(uint Slot, ulong Page)> protectedAgain = [];

        var clock = Stopwatch.StartNew();
        using Process child = Programs.Start(
            c.Program, path, Text(capacity), Text(total), Text((int)Patience.TotalSeconds), harvest);
        var crew = new Crew(Deadline);
        crew.Run(("producer", () => Push(crew, ring, pushed)), ("resetter", () => Reset(crew, ring, new PageSet(protectedAgain), total, child)));
        (int exitCode, string output, string errors) = Programs.AwaitEnd(child, Patience);
        Assert.True(exitCode == 0, $"exit code {exitCode}: {errors}");
        Assert.Equal(total, Numbers(output)["harvested"]);

        ReadOnlySpan<DirtyGfn> harvested = MemoryMarshal.Cast<byte, DirtyGfn>(File.ReadAllBytes(harvest));
        Assert.Equal(total, harvested.Length);
        for (int i = 0; i < total; i++)
        {
            // Its records are (slot, 0, offset): here the slot lies where flags lie in an entry.
            if ((harvested[i].Flags, harvested[i].Offset) != pushed[i])
                Assert.Fail($"Entry {i} was pushed as {pushed[i]} and harvested as {(harvested[i].Flags, harvested[i].Offset)}.");
        }

        Assert.True(protectedAgain.SetEquals(pushed), $"Other pages were reset than pushed.");
        Assert.Equal((0, 0UL, 0UL), (ring.Used, ring.Resetter.ForgedResets, ring.Resetter.RefusedPages));
        Report.Line(
            $"HarvestedInC: {total} entries through {capacity}, {total / capacity} laps, in {clock.ElapsedMilliseconds} ms; "
            + $"{ring.FullPushes} pushes found it full.");
    }

    private static void SkipWithoutC() => Assert.SkipWhen(CHarvester.WhyNot is not null, CHarvester.WhyNot ?? "");

    private static unsafe DirtyRing Over(SharedMapping mapping, int capacity) =>
        new(mapping.View.Cast<DirtyGfn>().Slice(0, (nuint)capacity), reservedEntries: 0);

    private static (uint Slot, ulong Offset)[] Entries(int total)
    {
        // Short runs up and down and jumps, so that batches of every kind come about.
        var random = new Random(Seed: 2019);
        var entries = new (uint Slot, ulong Offset)[total];
        uint slot = SlotIds[0];
        ulong page = SlotPages / 2;
        for (int i = 0; i < total; i++)
        {
            int jump = random.Next(16);
            if (jump == 0)
                slot = SlotIds[random.Next(SlotIds.Length)];
            page = jump < 2 ? (ulong)random.NextInt64((long)SlotPages) : Math.Min(page + (jump < 12 ? 1u : ulong.MaxValue), SlotPages - 1);
            entries[i] = (slot, page);
        }

        return entries;
    }

    private static void Push(Crew crew, DirtyRing ring, (uint Slot, ulong Offset)[] entries)
    {
        DirtyRingProducer producer = ring.Producer;
        foreach ((uint slot, ulong offset) in entries)
        {
            for (int rounds = 0; producer.TryPush(slot, offset) == PushResult.Full;)
                crew.Idle(ref rounds, "room");
        }
    }

    private static void Reset(Crew crew, DirtyRing ring, PageSet target, int total, Process harvester)
    {
        int rounds = 0;
        for (int reset = 0; reset < total;)
        {
            int entries = ring.Resetter.Reset(ref target).Entries;
            reset += entries;
            if (entries != 0)
                rounds = 0;
            else if (rounds % 256 == 255 && harvester is { HasExited: true, ExitCode: not 0 })
                throw new InvalidOperationException($"The harvester gave up with {harvester.ExitCode}: {harvester.StandardError.ReadToEnd()}");
            else
                crew.Idle(ref rounds, $"a harvest of entry {reset}");
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static Dictionary<string, long> Numbers(string output) => Assignment().Matches(output)
        .ToDictionary(match => match.Groups["name"].Value, match => long.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"(?<name>\w+)=(?<value>\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Assignment();

    private readonly struct PageSet(HashSet<(uint Slot, ulong Page)> pages) : IResetTarget
    {
        public ulong PagesIn(uint slot) => SlotPages;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            for (ulong page = baseOffset; mask != 0; mask >>= 1, page++)
            {
                if ((mask & 1) != 0)
                    pages.Add((slot, page));
            }
        }
    }
}
