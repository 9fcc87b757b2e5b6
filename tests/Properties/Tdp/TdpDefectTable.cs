using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Mapping;
using RingKit.Properties.Support;
using Xunit;
using Xunit.Sdk;

namespace RingKit.Properties.Tdp;

/// <summary>Every past bug of x86's levels and logs is brought back, does its harm, and is found by a scenario that passes without it.</summary>
public sealed class TdpDefectTable
{
    private const ulong Page = 4096;

    private static readonly (Enum Defect, Action<bool> Scenario)[] Scenarios =
    [
        (MappingDefects.ChecksBeyondSlot, hasBug => LeaveTheSlot(hasBug ? MappingDefects.ChecksBeyondSlot : MappingDefects.None)),
        (MappingDefects.WaitsInRangeAlone, hasBug => FaultBesideAChange(hasBug ? MappingDefects.WaitsInRangeAlone : MappingDefects.None)),
        (TdpDefects.ClearsNestedDirty, hasBug => StoreOfANestedGuest(hasBug ? TdpDefects.ClearsNestedDirty : TdpDefects.None)),
    ];

    [Fact]
    public void Every_past_bug_is_caught_by_its_scenario()
    {
        IEnumerable<Enum> all = Enum.GetValues<MappingDefects>().Cast<Enum>().Concat(Enum.GetValues<TdpDefects>().Cast<Enum>());
        Assert.Equal(all.Where(defect => Convert.ToInt32(defect, null) != 0), Scenarios.Select(row => row.Defect));

        Report.Line(Summary());
        Assert.All(Scenarios, row => Assert.True(IsCaught(row.Scenario), row.Defect.ToString()));
    }

    // Of a passing test a plain `dotnet test` prints nothing, of a skipped one the reason: so this one carries the line.
    [Fact]
    public void Random_slots_and_changes_find_entries_behind_the_slot_in_the_long_run()
    {
        Assert.SkipUnless(LongRun.IsOn, $"{Summary()}: {string.Join(", ", Scenarios.Select(row => row.Defect))}\n  RINGKIT_LONG is not set: scenarios alone.");
        Gen<(ulong First, ulong Pages, (ulong First, ulong Count)[] Changes)> cases =
            from first in LargePageInfoTests.Frames(0, 1 << 19)
            from pages in LargePageInfoTests.Frames(1, 1 << 19)
            from changes in Gen.ArrayOf(LargePageInfoTests.Frames(0, 1 << 20).Zip(LargePageInfoTests.Frames(1, 1 << 20)), 4)
            select (first, Math.Max(pages, 1), changes.Select(change => (change.Item1, Math.Max(change.Item2, 1))).ToArray());
        var right = Prop.ForAll(Arb.From(cases), at => Assert.False(ReadsBehind(at.First, at.Pages, at.Changes, MappingDefects.None)));
        Props.Check(right, nameof(MappingDefects.None), maxTest: 500);
        int tries = 0;
        var property = Prop.ForAll(Arb.From(cases), at =>
        {
            tries++;
            Assert.False(ReadsBehind(at.First, at.Pages, at.Changes, MappingDefects.ChecksBeyondSlot));
        });
        Assert.Throws<PropertyFailedException>(() => Props.Check(property, nameof(MappingDefects.ChecksBeyondSlot), maxTest: 5000));
        Report.Line($"{MappingDefects.ChecksBeyondSlot}: {tries} slots, with those to which the first was shrunk");
    }

    [Fact]
    public void Without_a_bug_every_scenario_passes() => Assert.All(Scenarios, row => row.Scenario(false));

    [Fact]
    public void Large_page_info_of_2024_is_read_behind_its_end_when_a_change_leaves_the_slot()
    {
        // Of the 1G range the slot has two 2M entries: the third that is asked for is none of its.
        MappingSpace space = SmallSpace(MappingDefects.ChecksBeyondSlot);
        Assert.Throws<ArgumentOutOfRangeException>("gfn", () => space.SetMemoryAttributes(0, 2048 * Page, MemoryAttributes.Private));

        // With a difference before the end nothing is read there, but a range that leaves the slot is flagged.
        space = SmallSpace(MappingDefects.ChecksBeyondSlot);
        Assert.Equal(Errno.None, space.SetMemoryAttributes(0, 512 * Page, MemoryAttributes.Private));
        Assert.True(space.LargePagesAt(0).IsMixed(MappingLevel.Size1G, 0));
    }

    [Fact]
    public void A_fault_of_2025_maps_a_large_page_over_frames_whose_attributes_are_changing()
    {
        using TdpWorld world = LargeWorld(MappingDefects.WaitsInRangeAlone);
        Assert.Equal((TdpFaultOutcome.Mapped, TdpFaultOutcome.Mapped), StoreDuringChange(world));

        // Frames at both ends are private now, and mapped as shared memory: an access as to shared memory is let through.
        foreach (ulong gfn in (ulong[])[0x210, 0x41f])
        {
            Assert.True(world.Core.Space.Attributes.IsPrivate(gfn));
            Assert.Equal((2, false), (world.LevelOf(gfn), world.Core.Table.Walk(gfn, out _).IsPrivate));
            Assert.Empty(world.Touch(gfn, write: true, isPrivate: false));
        }
    }

    [Fact]
    public void A_log_that_clears_D_of_a_nested_guests_leaf_loses_its_store()
    {
        using TdpWorld world = NestedWorld(TdpDefects.ClearsNestedDirty);
        Spte nested = world.Core.Table.Walk(1, out _);
        Assert.Equal((true, false), (nested.IsWritable, nested.IsDirty));
        Assert.Empty(world.Store(1));
        Assert.True(world.Core.Table.Walk(1, out _).IsDirty);
        Assert.Empty(world.Get());
    }

    private static string Summary() => $"x86: past bugs {Scenarios.Length}, caught {Scenarios.Count(row => IsCaught(row.Scenario))}";

    private static bool IsCaught(Action<bool> scenario) => Fails(() => scenario(true)) && !Fails(() => scenario(false));

    private static bool ReadsBehind(ulong first, ulong pages, (ulong First, ulong Count)[] changes, MappingDefects defects)
    {
        var space = new MappingSpace(new MappingOptions { Defects = defects });
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(0, first * Page, pages * Page, 0)));
        return Fails(() => Array.ForEach(changes, change => space.SetMemoryAttributes(change.First * Page, change.Count * Page, MemoryAttributes.Private)));
    }

    private static void LeaveTheSlot(MappingDefects defects)
    {
        MappingSpace space = SmallSpace(defects);
        foreach ((ulong end, ulong attributes) in ((ulong, ulong)[])[(2048, MemoryAttributes.Private), (512, 0), (1024, 0)])
        {
            Assert.Equal(Errno.None, space.SetMemoryAttributes(0, end * Page, attributes));
            LargePageInfo info = space.LargePagesAt(0);
            Assert.Equal((false, false, false), (info.IsMixed(MappingLevel.Size2M, 0), info.IsMixed(MappingLevel.Size2M, 512), info.IsMixed(MappingLevel.Size1G, 0)));
        }
    }

    private static void FaultBesideAChange(MappingDefects defects)
    {
        using TdpWorld world = LargeWorld(defects);
        Assert.Equal((TdpFaultOutcome.Retry, TdpFaultOutcome.Retry), StoreDuringChange(world));
        foreach (ulong gfn in (ulong[])[0x210, 0x41f])
        {
            Assert.Equal(0, world.LevelOf(gfn));
            Assert.Equal([TdpFaultOutcome.MemoryFault], world.Touch(gfn, write: true, isPrivate: false));
        }

        foreach (ulong gfn in (ulong[])[0x205, 0x430])
        {
            Assert.Equal([TdpFaultOutcome.Mapped], world.Store(gfn));
            Assert.Equal(1, world.LevelOf(gfn));
        }
    }

    private static void StoreOfANestedGuest(TdpDefects defects)
    {
        using TdpWorld world = NestedWorld(defects);
        Assert.Equal([TdpFaultOutcome.FixedUp], world.Store(1));
        Assert.Equal([1ul], world.Get());
        Assert.Equal([TdpFaultOutcome.FixedUp], world.Store(1));
        Assert.Equal([1ul], world.Get());
    }

    /// <summary>A slot of 4 MiB at 0.</summary>
    private static MappingSpace SmallSpace(MappingDefects defects)
    {
        var space = new MappingSpace(new MappingOptions { Defects = defects });
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(0, 0, 1024 * Page, 0)));
        return space;
    }

    /// <summary>A slot of 8 MiB at 0, which the host maps by 2M, with a file behind its private frames.</summary>
    private static TdpWorld LargeWorld(MappingDefects defects) => new(
        new TdpOptions { Mapping = new MappingOptions { Defects = defects }, Slots = [new TdpSlotOptions { SlotId = 0, Gmem = GuestMemfdTraits.None }] },
        (0, 0, 2048));

    /// <summary>A slot that is logged by D, with a page that a nested guest has written before.</summary>
    private static TdpWorld NestedWorld(TdpDefects defects)
    {
        var world = new TdpWorld(new TdpOptions { LogMethod = TdpLogMethod.ModificationLog, HostLevel = MappingLevel.Size4K, Defects = defects }, (0, 0, 64));
        var thread = new TdpWorldThread(world);
        Assert.Equal(TdpFaultOutcome.Mapped, world.Core.HandleFault(ref thread, world.Vcpus[0], new TdpAccess(1, IsWrite: true, IsNested: true)));
        Assert.Equal(Errno.None, world.Start());
        return world;
    }

    /// <summary>Frames 0x210 to 0x41f become private; in the middle of that, stores to the 2M ranges that are cut, before the head and behind the tail.</summary>
    private static (TdpFaultOutcome Head, TdpFaultOutcome Tail) StoreDuringChange(TdpWorld world)
    {
        var thread = new TdpWorldThread(world);
        MappingSpace space = world.Core.Space;
        Assert.Equal(Errno.None, space.PrepareMemoryAttributes(0x210 * Page, 0x210 * Page, MemoryAttributes.Private, 0, out AttributeChange change));
        world.Core.BeginInvalidation(ref thread, change.InvalidatedFirst, change.InvalidatedEnd, change.FirstGfn, change.EndGfn, isPrivate: false);
        (TdpFaultOutcome, TdpFaultOutcome) outcomes = (Assert.Single(world.Store(0x205)), Assert.Single(world.Store(0x430)));
        world.Core.EndInvalidation(ref thread, () => space.CommitMemoryAttributes(change));
        return outcomes;
    }

    // A failed assertion, or an entry that the slot does not have; anything else is an error of the test.
    private static bool Fails(Action scenario)
    {
        try
        {
            scenario();
            return false;
        }
        catch (Exception failure) when (failure is XunitException or ArgumentOutOfRangeException { ParamName: "gfn" })
        {
            return true;
        }
    }
}
