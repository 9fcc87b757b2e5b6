using FsCheck;
using FsCheck.Fluent;
using RingKit.DirtyRings.Resetting;
using RingKit.Interleaving;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings.Mistakes;

/// <summary>P17: each mistake that a ring, or who harvests it, is known for makes a property fail that holds without it.</summary>
public sealed class HarvestMistakes
{
    private static readonly Dictionary<string, Func<GuestMemory, VirtualMachine>> Machines = new()
    {
        ["flat"] = memory => new VirtualMachine(memory, vcpus: 2),
        ["stage 2"] = memory => new VirtualMachine(memory, vcpus: 2, new Stage2Options()),
        ["tdp"] = memory => new VirtualMachine(memory, vcpus: 2, new TdpOptions()),
        ["tdp, modification log"] = memory => new VirtualMachine(memory, vcpus: 2, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog }),
    };

    public static TheoryData<string> Names => [.. Machines.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void P17_without_a_mistake_each_round_brings_the_copy_up_to_date(string machine) => Check(machine, HarvestMistake.None);

    [Theory]
    [MemberData(nameof(Names))]
    public void P17_a_copy_before_the_reset_is_caught(string machine) => CheckIsCaught(machine, HarvestMistake.CopiesBeforeReset);

    [Theory]
    [MemberData(nameof(Names))]
    public void P17_a_mask_that_is_consumed_before_it_protects_is_caught(string machine) => CheckIsCaught(machine, HarvestMistake.ConsumesMask);

    [Theory]
    [MemberData(nameof(Names))]
    public void P17_a_reset_without_invalidation_is_caught(string machine) => CheckIsCaught(machine, HarvestMistake.SkipsInvalidation);

    // Elsewhere nothing is recorded outside the rings, and no kick is needed.
    [Fact]
    public void P17_a_harvest_without_a_kick_is_caught() => CheckIsCaught("tdp, modification log", HarvestMistake.SkipsKick);

    [Fact]
    public void P17_a_distance_of_32_bits_is_caught_by_the_rule_of_coalescing()
    {
        static bool Agrees((byte, byte, byte)[] script)
        {
            (uint Slot, ulong Offset)[] entries = EntryScript.Decode(script);
            return ReferenceCoalescer.Coalesce(entries).Select(batch => batch.Batch).SequenceEqual(TruncatingCoalescer.Coalesce(entries));
        }

        AssertFails(Prop.ForAll<(byte, byte, byte)[]>(Agrees), nameof(TruncatingCoalescer));

        // Two legal pages are never so far apart: what is forged makes a page dirty that nobody named, and hides one that somebody did.
        Assert.Equal([new ResetBatch(1, 10, 3)], TruncatingCoalescer.Coalesce([(1, 10), (1, 0x1_0000_000b)]));
        Assert.Equal([new ResetBatch(1, 0x1_0000_000a, 3)], TruncatingCoalescer.Coalesce([(1, 0x1_0000_000a), (1, 11)]));
    }

    [Fact]
    public void P17_a_push_without_its_order_is_caught()
    {
        MutantReport report = MutantReport.Run([DirtyRingProgram.TwoThreads(capacity: 2, total: 3)], new ExplorationOptions { MaximumExecutions = 4_000 });
        string[] lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "src", "RingKit", "DirtyRings", "DirtyRingCore.cs"));
        int line = 1 + Array.FindIndex(lines, text => text.Contains("StoreRelease(ref entry.Flags, DirtyGfn.Dirty)", StringComparison.Ordinal));
        MutantVerdict[] verdicts = [.. report.Verdicts.Where(verdict =>
            verdict.Mutant.Site.Line == line && verdict.Mutant.Site.File.EndsWith("DirtyRingCore.cs", StringComparison.Ordinal))];
        Assert.NotEmpty(verdicts);
        Assert.All(verdicts, verdict => Assert.True(verdict.IsKilled, verdict.ToString()));
    }

    private static void Check(string machine, HarvestMistake mistake) =>
        Props.Check(Holds(machine, mistake), $"{machine}, {mistake}", maxTest: 60, endSize: 60);

    private static void CheckIsCaught(string machine, HarvestMistake mistake) => AssertFails(Holds(machine, mistake), $"{machine}, {mistake}");

    // With a seed of its own: a mistake is caught whatever the seed of the run, and replaying another failure does not change that.
    private static void AssertFails(Property property, string name) =>
        Assert.Throws<PropertyFailedException>(() => Props.Check(property, name, new PropsSeed(17, 19, Size: null), maxTest: 200, endSize: 60));

    // Each element is a store, a round, or a round in the middle of a step; either with a store of another vCPU in its middle.
    private static Property Holds(string machine, HarvestMistake mistake) => Prop.ForAll<(byte Kind, byte Page, byte Overtaker)[]>(script =>
    {
        using var harvest = new HandDrivenHarvest(Machines[machine], mistake);
        foreach ((byte kind, byte pageByte, byte overtakerByte) in script)
        {
            int vcpu = kind & 1, page = pageByte % HandDrivenHarvest.PageCount, overtaker = overtakerByte % HandDrivenHarvest.PageCount;
            switch (kind / 2 % 8)
            {
                case < 4:
                    harvest.Store(vcpu, page);
                    break;
                case 4:
                    harvest.Round();
                    break;
                case 5:
                    harvest.Round(() => harvest.Store(vcpu, overtaker));
                    continue;
                case 6:
                    harvest.StoreAndRound(vcpu, page, overtaker: null);
                    break;
                default:
                    harvest.StoreAndRound(vcpu, page, overtaker);
                    continue;
            }

            if (kind / 2 % 8 >= 4 && !harvest.IsCopyEqual)
                return false;
        }

        harvest.Round();
        return harvest.IsCopyEqual;
    });
}
