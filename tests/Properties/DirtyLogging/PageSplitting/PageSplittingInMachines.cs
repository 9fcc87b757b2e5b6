using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using Xunit;

namespace RingKit.Properties.DirtyLogging.PageSplitting;

/// <summary>
/// The kernel's dirty_log_page_splitting_test in whole machines: two vCPUs touch two slots of hugetlbfs memory before logging, under it and after. KVM
/// has it for x86, which maps 4K pages wherever it logs, and large ones again when it stops; a stage-2 table keeps a protected block until a store
/// dissolves it or it is split ahead, and blocks come back by the faults on pages that are read-only.
/// </summary>
public sealed class PageSplittingInMachines
{
    private static readonly Dictionary<string, (Func<bool, HugePageMachine> Make, bool SplitsAhead)> Tables = new()
    {
        ["stage 2, split ahead"] = (isGigabyte => HugePageMachine.Stage2(new Stage2Options { EagerSplitChunk = 1 << 30 }, isGigabyte), true),
        ["stage 2, split ahead by 2M"] = (isGigabyte => HugePageMachine.Stage2(new Stage2Options { EagerSplitChunk = 1 << 21 }, isGigabyte), true),
        ["stage 2, split by stores"] = (isGigabyte => HugePageMachine.Stage2(new Stage2Options(), isGigabyte), false),
        ["stage 2 of 2014, split by stores"] = (
            isGigabyte => HugePageMachine.Stage2(new Stage2Options { Generation = Stage2Generation.Posted2014 }, isGigabyte), false),
        ["tdp, protected"] = (isGigabyte => HugePageMachine.Tdp(new TdpOptions(), isGigabyte), true),
        ["tdp, modification log"] = (isGigabyte => HugePageMachine.Tdp(new TdpOptions { LogMethod = TdpLogMethod.ModificationLog }, isGigabyte), true),
    };

    public static TheoryData<string, bool, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, bool, bool>();
            foreach (string table in Tables.Keys)
            {
                foreach (bool isManual in (bool[])[false, true])
                    cases.Add(table, false, isManual);
            }

            // KVM of 2014 maps no gigabytes, and one way of splitting ahead is enough.
            cases.Add("stage 2, split ahead", true, true);
            cases.Add("stage 2, split by stores", true, false);
            cases.Add("tdp, protected", true, false);
            cases.Add("tdp, modification log", true, true);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Mapping_counts_after_logging_equal_those_before(string table, bool isGigabyte, bool isManual)
    {
        using HugePageMachine machine = Tables[table].Make(isGigabyte);
        bool splitsAhead = Tables[table].SplitsAhead;
        ManualProtect mode = isManual ? ManualProtect.Enabled | ManualProtect.InitiallySet : ManualProtect.None;
        using var log = new MemslotDirtyLog(machine.Machine, new MemslotLogOptions { ManualProtect = mode });
        machine.Touch();
        (ulong Of4K, ulong Of2M, ulong Of1G) before = machine.Mappings, inPages = (machine.Pages, 0, 0);
        Assert.True(before is { Of4K: > 0, Of2M: > 0 } && before.Of1G > 0 == isGigabyte, $"populated {before}");
        Assert.Equal(machine.Pages, before.Of4K + (before.Of2M << 9) + (before.Of1G << 18));

        log.Start();
        if (isManual)
        {
            Assert.Equal(before, machine.Mappings);
            Assert.Equal(machine.Pages, Harvest(log));
        }

        Assert.Equal(splitsAhead ? inPages : before, machine.Mappings);

        // The guest stores under logging: pages alone are left, and all are reported.
        machine.Touch();
        Assert.Equal(inPages, machine.Mappings);
        Assert.Equal(machine.Pages, Harvest(log));
        Assert.Equal(inPages, machine.Mappings);
        Assert.Equal(0ul, Harvest(log));

        log.Stop();
        if (machine.Machine.Tdp is not null)
            Assert.Equal(before, machine.Mappings);
        machine.Touch();
        Assert.Equal(before, machine.Mappings);
    }

    [Fact]
    public void Pages_of_a_stage_2_table_that_are_writable_when_logging_stops_stay_as_they_are()
    {
        using HugePageMachine machine = Tables["stage 2, split ahead"].Make(false);
        using var log = new MemslotDirtyLog(machine.Machine);
        machine.Touch();
        log.Start();
        machine.Touch();
        log.Stop();
        machine.Touch();
        Assert.Equal((machine.Pages, 0ul, 0ul), machine.Mappings);
    }

    private static ulong Harvest(MemslotDirtyLog log)
    {
        var sink = default(CountingPageSink);
        log.Harvest(ref sink);
        return sink.Pages;
    }
}
