using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Stage2.Logging;

/// <summary>
/// KVM's log over stage 2 with all that moves below it: random stores, loads, fetches, clears, modes, starts and stops, splits ahead of stores, and a host that
/// invalidates, splits, joins and moves. The log has just the pages that were written since they were taken, and no other page can be written unseen.
/// </summary>
public sealed class LoggedSlotAgainstModel
{
    private const ulong Page = 0x1000;

    // A piece of a block, two blocks, and a piece again.
    private const ulong BaseGfn = 0x4_01C0, PageCount = 64 + 1024 + 37;

    private static readonly ulong[] Pages = [0, 1, 62, 63, 64, 65, 100, 127, 128, 320, 574, 575, 576, 577, 640, 1087, 1088, 1120, PageCount - 1];
    private static readonly ManualProtect[] Modes = [ManualProtect.None, ManualProtect.Enabled, ManualProtect.Enabled | ManualProtect.InitiallySet];

    private enum Kind
    {
        Store,
        Load,
        Get,
        Clear,
        Mode,
        Start,
        Stop,
        Invalidate,
        SplitHost,
        CollapseHost,
        Migrate,
        Reclaim,
        Share,
    }

    [Theory]
    [InlineData(Stage2Generation.Current, 0, MaskedProtection.Span)]
    [InlineData(Stage2Generation.Current, 1 << 12, MaskedProtection.Span)]
    [InlineData(Stage2Generation.Current, 1 << 21, MaskedProtection.Exact)]
    [InlineData(Stage2Generation.Current, 1 << 30, MaskedProtection.Span)]
    [InlineData(Stage2Generation.Posted2014, 0, MaskedProtection.Span)]
    public void The_log_has_the_pages_that_were_written_and_no_others(Stage2Generation generation, int chunk, MaskedProtection rule)
    {
        Gen<(Kind Kind, int A, int B)> step =
            from kind in Gen.Frequency((6, Gen.Constant(Kind.Store)), (3, Gen.Constant(Kind.Load)), (9, Gen.Elements(Enum.GetValues<Kind>())))
            from a in Gen.Choose(0, 1 << 20)
            from b in Gen.Choose(0, 1 << 20)
            select (kind, a, b);
        var options = new Stage2Options { Generation = generation, EagerSplitChunk = (ulong)chunk, MaskedProtection = rule, MaximumTables = 600 };
        Props.Check(
            Prop.ForAll(Arb.From(step.ArrayOf()), steps => Run(options, steps)),
            $"{nameof(The_log_has_the_pages_that_were_written_and_no_others)}({generation}, {chunk}, {rule})",
            maxTest: LongRun.IsOn ? 3000 : 40,
            endSize: 120);
    }

    [Fact]
    public void Splits_that_find_too_few_tables_leave_them_to_faults()
    {
        var options = new Stage2Options { EagerSplitChunk = 1 << 30, MaximumTables = 64 };
        using var world = new LoggedSlot(options, new MemslotLogOptions(), BaseGfn, PageCount);
        world.Store(100);
        world.Start();
        Assert.Equal(0, world.Hypervisor.SplitTablesReady);
        for (ulong page = 0; page < PageCount; page++)
            world.Store(page);
        Assert.Equal(PageCount, (ulong)world.Get().Count);
        world.CheckRules();
    }

    private static void Run(Stage2Options options, (Kind Kind, int A, int B)[] steps)
    {
        using var world = new LoggedSlot(options, new MemslotLogOptions(), BaseGfn, PageCount);
        HashSet<ulong> written = [];
        foreach ((Kind kind, int a, int b) in steps)
        {
            Do(world, written, kind, a, b);
            world.CheckRules();
            if (!world.Log.IsOn)
                continue;
            Assert.Equal(written.Order(), Dirty(world));
            Assert.Empty(world.Unrecorded());
        }

        ReferenceCounts.Check(world.Table);
    }

    private static void Do(LoggedSlot world, HashSet<ulong> written, Kind kind, int a, int b)
    {
        ulong page = Pages[a % Pages.Length], host = world.Slot.UserspaceAddress + (page * Page);
        Stage2HvCore<Ordering.HardwareOrdering> hypervisor = world.Hypervisor;
        switch (kind)
        {
            case Kind.Store:
                world.Store(page, b & 1);
                CheckTarget(world, page);
                if (world.Log.IsOn)
                    written.Add(page);
                break;
            case Kind.Load:
                world.Load(page, b & 1);
                CheckTarget(world, page);
                break;
            case Kind.Get when world.Log.IsOn:
                Assert.Equal(written.Order(), world.Get());
                if (world.Log.ManualProtect == ManualProtect.None)
                    written.Clear();
                break;
            case Kind.Clear when world.Log.IsOn:
                Clear(world, written, page / 64 * 64, (ulong)b * 0x9E37_79B9_7F4A_7C15);
                break;
            case Kind.Mode:
                world.Log.ManualProtect = Modes[b % Modes.Length];
                break;
            case Kind.Start when !world.Log.IsOn:
                world.Start();
                world.Checker.Delivered();
                written.Clear();
                if ((world.Log.ManualProtect & ManualProtect.InitiallySet) != ManualProtect.None)
                    written.UnionWith(Enumerable.Range(0, (int)PageCount).Select(one => (ulong)one));
                break;
            case Kind.Stop when b % 3 == 0 && world.Log.IsOn:
                world.Stop();
                break;
            case Kind.Invalidate:
                hypervisor.InvalidateRange(ref world.Thread, host, Page * (ulong)(1 + (b % 600)));
                break;
            case Kind.SplitHost:
                hypervisor.ChangeHostPage(ref world.Thread, host, HostChange.Split);
                break;
            case Kind.CollapseHost:
                hypervisor.ChangeHostPage(ref world.Thread, host, HostChange.Collapse);
                break;
            case Kind.Migrate:
                hypervisor.ChangeHostPage(ref world.Thread, host, HostChange.Migrate);
                break;
            case Kind.Reclaim:
                hypervisor.ChangeHostPage(ref world.Thread, host, HostChange.Reclaim);
                break;
            case Kind.Share:
                hypervisor.ChangeHostPage(ref world.Thread, host, HostChange.Share);
                break;
        }
    }

    // From a word on, of one word or to the slot's end.
    private static void Clear(LoggedSlot world, HashSet<ulong> written, ulong first, ulong bits)
    {
        bool isToTheEnd = bits % 5 == 0 || PageCount - first < 64;
        ulong count = isToTheEnd ? PageCount - first : 64;
        ulong[] pages = [.. Enumerable.Range(0, (int)count).Where(page => (bits >> (page % 64) & 1) != 0).Select(page => first + (ulong)page)];
        Assert.Equal(Errno.None, world.Clear(first, (uint)count, pages));
        written.ExceptWith(pages);
    }

    private static IEnumerable<ulong> Dirty(LoggedSlot world)
    {
        for (ulong page = 0; page < PageCount; page++)
        {
            if (world.Log.IsDirty(page))
                yield return page;
        }
    }

    private static void CheckTarget(LoggedSlot world, ulong page)
    {
        Stage2Walk walk = world.EntryOf(page);
        ulong address = world.Slot.UserspaceAddress + (page * Page);
        HostPage behind = world.Hypervisor.Host.Find(address)!.Look(address, isWrite: false);
        Assert.Equal((HostPageState.Found, behind.Address), (behind.State, walk.OutputAddress(world.AddressOf(page))));
    }
}
