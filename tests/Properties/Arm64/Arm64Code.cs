using System.Text.RegularExpressions;
using RingKit.Ordering;
using RingKit.Properties.DirtyRings;
using RingKit.Properties.DirtyRings.Conformance;
using RingKit.Properties.Rings;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Arm64;

/// <summary>
/// The arm64 code of what publishes and of what looks: where docs/ordering.md has an edge, it holds <c>stlr</c>, <c>ldar</c>, an atomic that is
/// both, or <c>dmb</c>, and on the right side of the payload. Nothing is run: this machine need not be one.
/// </summary>
public sealed class Arm64Code
{
    private const string Ring = "RingKit.Rings.Cores.";
    private const string Dirty = "RingKit.DirtyRings.DirtyRingCore`1[{O}]:";
    private const string Index = "RingKit.DirtyRings.IndexPublished.IndexPublishedCore`2[{O},RingKit.DirtyRings.IndexPublished.PowerOfTwoIndexing]:";
    private const string Bitmap = "RingKit.Bitmaps.Cores.DirtyBitmapCore`1[{O}]:";
    private const string ItemTypes = "`2[{Item},{O}]:";
    private const string ResetTypes = "[{Target},RingKit.DirtyRings.Resetting.RefusePages`1[{Target}]]";

    // Instructions: every push, pop, read and mark is shorter.
    private const int LongestPrinted = 50;

    // Payload, then exactly one release store, and nothing stored or loaded behind it.
    private const string StoresThenReleases = "^[^L]*W[^L]*L$";
    private const string LoadsThenReleases = "^[^L]*R[^L]*L$";

    // Exactly one acquire load, and loads of what it guards behind it.
    private const string AcquiresThenLoads = "^[^A]*A[^A]*R[^A]*$";
    private const string Acquires = "^[^A]*A[^A]*$";

    // Whose method it is, up to its parameters; the shape of its code (Arm64Method); the edges.
    private static readonly (string Method, string Shape, string Edges)[] Points =
    [
        (Dirty + "TryPush", "WR*WR*WL$", "E1: slot, offset and DirtyIndex, then the flags"),
        (Dirty + "NextStretch", AcquiresThenLoads, "E1: flags, and DirtyIndex behind them"),
        (Dirty + "Harvest[{Sink}]", "^[^A]*A[^AL]*R[^AL]*R[^AL]*L[^L]*$", "E1: flags, then slot and offset; then E2: flags"),
        (Dirty + "ReleaseHarvested", "L", "E2"),
        (Dirty + "Gather", "^[^A]*AR+", "E2: flags, then slot and offset"),
        (Dirty + "Reset" + ResetTypes, "L.*WR*L", "E20: flags of a producer elsewhere; flags of our own, then E3: ResetIndex"),
        (Dirty + "Room", Acquires, "E3: ResetIndex"),
        (Index + "TryPush", StoresThenReleases, "E21: entry, then avail_index"),
        (Index + "LookForMore", Acquires, "E21: avail_index"),
        (Index + "PublishFetched", "L$", "E22: fetch_index"),
        (Index + "CountHarvested", Acquires, "E22: fetch_index"),
        (Index + "Apply" + ResetTypes, "L$", "E23: ResetIndex"),
        (Index + "Room", "^[^A]*A", "E23: ResetIndex"),
        (Index + "EnterProducers", "X", "E24: lock"),
        (Index + "LeaveProducers", "L$", "E24: unlock"),
        (Bitmap + "Mark", "X$", "E4, E5: the word"),
        (Bitmap + "TryMark", "X", "E4, E5: the word"),
        (Bitmap + "MarkRange[RingKit.Bitmaps.AlwaysOr](ulong,ulong)", "X", "E4, E5: the words"),
        (Bitmap + "Take", "X.*X", "E4: the word, whole or in part"),
        (Bitmap + "TakeWhole[RingKit.Bitmaps.Harvesting.MaskForm]", "X", "E4: the words"),
        (Bitmap + "PutBack(ulong,ulong)", "X$", "E4: the word"),
        (Ring + "SpscCore" + ItemTypes + "TryPush({Item})", StoresThenReleases, "E9: item, then tail"),
        (Ring + "SpscCore" + ItemTypes + "Publish", "L", "E9: tail"),
        (Ring + "SpscCore" + ItemTypes + "Available", "A", "E9: tail"),
        (Ring + "SpscCore" + ItemTypes + "TryPop(byref)", LoadsThenReleases, "E10: item, then head"),
        (Ring + "SpscCore" + ItemTypes + "End", "L", "E10: head"),
        (Ring + "SpscCore" + ItemTypes + "FreeSlots", Acquires, "E10: head"),
        (Ring + "SpscCore" + ItemTypes + "LockHead", "X", "E11: head"),
        (Ring + "MpscCore" + ItemTypes + "TryPush(int,{Item})", "^[^AX]*A[^X]*X[^WL]*W[^L]*L$", "E14: known head; claim; E12: item, then stamp"),
        (Ring + "MpscCore" + ItemTypes + "Publish", "L.*L", "E12: stamps, of what was given up and of what was not"),
        (Ring + "MpscCore" + ItemTypes + "CountPublished", AcquiresThenLoads, "E12: stamp"),
        (Ring + "MpscCore" + ItemTypes + "TryPop(byref)", LoadsThenReleases, "E10: item, then head"),
        (Ring + "MpscCore" + ItemTypes + "FreeSlots", "A.*A.*L", "E14: known head; E10: head; E14: known head"),
        (Ring + "BroadcastCore" + ItemTypes + "TryWrite({Item})", StoresThenReleases, "E9: item, then tail"),
        (Ring + "BroadcastCore" + ItemTypes + "Publish", "L", "E9: tail"),
        (Ring + "BroadcastCore" + ItemTypes + "Available", "A", "E9: tail"),
        (Ring + "BroadcastCore" + ItemTypes + "TryRead", LoadsThenReleases, "E10: item, then cursor"),
        (Ring + "BroadcastCore" + ItemTypes + "FreeSlots", "F", "E15: published, then looks for readers"),
        (Ring + "BroadcastCore" + ItemTypes + "SettleAt", "FR", "E15: joined, then looks at the tail"),
        (Ring + "BroadcastCore" + ItemTypes + "LagOf", "A.*X", "E10: cursor; E11: dropped"),
        (Ring + "BroadcastCore" + ItemTypes + "LockCursor", "X", "E11: cursor"),
        (Ring + "SleepGate`1[{O}]:Wake", "FR+", "E13: published, then looks for sleepers"),
        (Ring + "SleepGate`1[{O}]:Announce", "F", "E13: announced, then looks for items"),
    ];

    // What each member of the one file that orders anything becomes, alone.
    private static readonly (string Method, string Shape)[] Primitives =
    [
        ("LoadAcquire", "A"), ("LoadRelaxed", "R"), ("StoreRelease", "L"), ("StoreRelaxed", "W"), ("OrRelease", "X"), ("OrRelaxed", "X"), ("AndNotRelaxed", "X"),
        ("FetchOrRelease", "X"),
        ("FetchOrAcquireRelease", "X"), ("FetchAndNotAcquire", "X"), ("FetchAndNotAcquireRelease", "X"),
        ("ExchangeAcquireRelease", "X"), ("ExchangeRelease", "X"), ("ExchangeAcquire", "X"), ("CompareExchangeAcquireRelease", "X"),
        ("CompareExchangeAcquire", "X"), ("CompareExchangeRelease", "X"), ("CompareExchangeRelaxed", "X"),
        ("FullFence", "F"),
    ];

    [Fact]
    public void Every_ordered_access_is_one_instruction()
    {
        SkipWithoutCompiler();
        foreach ((string name, string shape) in Primitives)
        {
            Arm64Method[] overloads = [.. Arm64Compiler.Methods.Where(method =>
                method.Name.StartsWith($"{typeof(HardwareOrdering).FullName}:{name}(", StringComparison.Ordinal))];
            Assert.NotEmpty(overloads);
            foreach (Arm64Method method in overloads)
            {
                Report.Line($"arm64: {method.Shape} {method.Name}");
                Assert.True(shape == method.Shape, $"{method.Name} is {method.Shape}, and should be {shape}:\n{method.Text}");
            }
        }
    }

    [Fact]
    public void What_publishes_releases_and_what_looks_acquires()
    {
        SkipWithoutCompiler();
        foreach ((string pattern, string shape, string edges) in Points)
        {
            Arm64Method method = Find(pattern, typeof(HardwareOrdering));
            Report.Line($"arm64: {method.Shape} {Short(pattern)}: {edges}");
            if (method.Length <= LongestPrinted)
                TestContext.Current.TestOutputHelper?.WriteLine(method.Text);
            Assert.True(Matches(method.Shape, shape), $"{edges}: {method.Name} is {method.Shape}, and should match {shape}:\n{method.Text}");
        }
    }

    [Fact]
    public void Forgotten_barriers_do_not_pass()
    {
        // On one thread nothing is wrong with them.
        Assert.Equal(9, EveryCore.Use<UnorderedWords>());
        Assert.Equal(9, EveryCore.Use<HardwareOrdering>());

        SkipWithoutCompiler();
        string[] passed = [.. Points
            .Where(point => Matches(Find(point.Method, typeof(UnorderedWords)).Shape, point.Shape))
            .Select(point => point.Method)];
        Assert.Empty(passed);
        Report.Line($"arm64: {Points.Length} points are told from code without barriers.");
    }

    private static void SkipWithoutCompiler() => Assert.SkipWhen(Arm64Compiler.WhyNot is not null, Arm64Compiler.WhyNot ?? "");

    private static string Short(string pattern)
    {
        string[] parts = pattern.Split('`', ':');
        return $"{parts[0].Split('.')[^1]}.{parts[2].Split('(', '[')[0]}";
    }

    private static bool Matches(string shape, string pattern) =>
        Regex.IsMatch(shape, pattern, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));

    private static Arm64Method Find(string pattern, Type ordering)
    {
        string name = pattern
            .Replace("{Sink}", typeof(EntryList).FullName, StringComparison.Ordinal)
            .Replace("{Target}", typeof(SlotsTarget).FullName, StringComparison.Ordinal)
            .Replace("{Item}", typeof(Item).FullName, StringComparison.Ordinal)
            .Replace("{O}", ordering.FullName, StringComparison.Ordinal);
        if (!name.EndsWith(')'))
            name += '(';
        return Assert.Single(Arm64Compiler.Methods, method => method.Name.StartsWith(name, StringComparison.Ordinal));
    }
}
