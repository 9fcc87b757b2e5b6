using RingKit.Interleaving;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.Stage2.Model.TableOperation;

namespace RingKit.Properties.Stage2.Model;

/// <summary>
/// Two levels of tables, with faults, walks, and what changes the table alone: in the first executions and in random ones, and in the long run in as many as
/// there are.
/// </summary>
public sealed class Stage2Interleavings
{
    private static readonly long Bound = LongRun.IsOn ? 300_000 : 2_000;
    private static readonly long Samples = LongRun.IsOn ? 100_000 : 1_000;

    private static readonly TablePlan WritableBlock = TablePlan.Block with { IsWritable = true };
    private static readonly TablePlan WritablePages = TablePlan.Pages with { IsWritable = true };

    [Fact]
    public void Faults_of_one_entry_make_it_once()
    {
        Run(TablePlan.Empty, [Map(0)], [Map(0)]);
        Run(TablePlan.Empty, [Map(0), Load(0)], [Map(1), Load(1)]);
        Run(TablePlan.Block, [Map(0), Load(0)], [Map(0), Load(0)]);
    }

    [Fact]
    public void A_table_that_comes_meanwhile_is_not_freed_under_who_uses_it() => Run(TablePlan.Empty, [MapBlock(0), Load(0)], [Map(1), Load(1)]);

    [Fact]
    public void A_walk_finds_a_block_or_its_pages()
    {
        Run(TablePlan.Block, [Split(0)], [Load(0), Load(1)]);
        Run(TablePlan.Pages, [Collapse(0)], [Load(0), Load(1)]);
        Run(WritableBlock, [Split(0)], [Store(0), Store(1)], [Protect]);
    }

    [Fact]
    public void Permissions_are_added_beside_maps_and_splits()
    {
        Run(TablePlan.Block, [Relax(0), Store(0)], [Map(1), Load(1)]);
        Run(TablePlan.Block, [Relax(0)], [Split(0)], [Load(0)]);
    }

    [Fact]
    public void What_was_stored_is_in_the_copy_that_follows_the_protection()
    {
        Run(WritableBlock, [Store(0), Store(1)], [Protect]);
        Run(WritablePages, [Store(0), Store(1)], [Protect]);
        Run(WritablePages, [Store(0)], [Store(0)], [Protect]);
    }

    [Fact]
    public void Age_and_hardware_that_sets_AF_leave_permissions_alone()
    {
        Run(WritableBlock, [Store(0), Store(0)], [Age, Protect]);
        Run(WritablePages, [Age, Load(0)], [SetYoung(0)], [Store(0)]);
    }

    [Fact]
    public void A_table_is_freed_when_no_walk_is_left_in_it()
    {
        TablePlan page = TablePlan.Page with { Ready = 0 };
        Run(page, [Unmap(0), Map(2)], [Load(0), Load(2)]);
        Run(page, [Unmap(0)], [Map(2), Load(2)], [Load(0)]);
        Run(TablePlan.Pages with { Ready = 0 }, [MapBlock(0), Map(2)], [Load(0), Load(2)]);
    }

    [Fact]
    public void Faults_and_an_unmap_leave_every_reference_counted()
    {
        Run(TablePlan.Page, [Map(0), Map(1)], [Unmap(0)]);
        Run(TablePlan.Page, [Map(1)], [Map(2)], [Unmap(0)]);
    }

    private static void Run(TablePlan plan, params TableOperation[][] threads)
    {
        ModelProgram program = TableProgram.Of(plan, threads);
        ExplorationResult all = Explorer.Explore(program, new ExplorationOptions { MaximumExecutions = Bound }).ThrowIfFailed();
        Report.Line(all.ToString());
        if (!all.IsComplete)
            Report.Line(Explorer.Sample(program, (ulong)Environment.TickCount64, Samples).ThrowIfFailed().ToString());
    }
}
