using RingKit.Interleaving;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Interleaving;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>Fetches and clears against a vCPU's faults, in all executions: no store is missing in the copy.</summary>
public sealed class MemslotLogInterleavings
{
    private static readonly MemslotLogOptions Automatic = new(), Manual = new() { ManualProtect = ManualProtect.Enabled };

    [Fact]
    public void An_automatic_fetch_loses_no_store()
    {
        RunAll(Automatic, 2, false, 0, 0);
        RunAll(Automatic, 1, true, 0, 1);
        RunAll(Automatic, 1, true, 0, 0, 0);
    }

    [Fact]
    public void A_fetch_and_a_clear_lose_no_store()
    {
        RunAll(Manual, 1, false, 0, 0);
        RunAll(Manual, 1, true, 0, 1, 0);
    }

    [Fact]
    public void A_fetch_that_protects_before_it_takes_loses_one()
    {
        ExplorationResult result = Litmus.Fails(
            MemslotLogProgram.Of(new MemslotLogOptions { Defects = Stage2Defects.ProtectsBeforeTaking }, 1, true, 0, 0), FailureKind.Assertion);
        Assert.NotEmpty(result.Failure!.Message);
    }

    private static void RunAll(MemslotLogOptions options, int harvests, bool isDirtyFirst, params int[] stores)
    {
        ExplorationResult result = Explorer.Explore(MemslotLogProgram.Of(options, harvests, isDirtyFirst, stores)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
