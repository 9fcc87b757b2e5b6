using RingKit.Interleaving;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Properties.Interleaving;
using Xunit;
using static RingKit.Mmu.DirtyLogging.Adaptive.DirtyLogForm;

namespace RingKit.Properties.DirtyLogging.Adaptive;

/// <summary>Faults against harvests that move, in all executions: no store is missing in the copy.</summary>
public sealed class AdaptiveLogInterleavings
{
    public static TheoryData<DirtyLogForm, DirtyLogForm> Moves =>
    [
        .. from before in Enum.GetValues<DirtyLogForm>()
           from after in Enum.GetValues<DirtyLogForm>()
           select (before, after),
    ];

    [Theory]
    [MemberData(nameof(Moves))]
    public void A_move_loses_no_store(DirtyLogForm before, DirtyLogForm after)
    {
        RunAll(new(2, [after], [0, 0]) { First = before });
        RunAll(new(2, [after, before], [0]) { First = before });
    }

    [Theory]
    [InlineData(Ring)]
    [InlineData(Summary)]
    [InlineData(Bitmap)]
    public void A_full_ring_loses_no_store(DirtyLogForm after) => RunAll(new(1, [after], [0, 64]));

    [Theory]
    [InlineData(Ring, Summary)]
    [InlineData(Ring, Bitmap)]
    [InlineData(Summary, Ring)]
    [InlineData(Bitmap, Ring)]
    [InlineData(Bitmap, Summary)]
    public void A_move_that_forgets_the_old_form_loses_one(DirtyLogForm before, DirtyLogForm after)
    {
        ExplorationResult result = Litmus.Fails(AdaptiveLogProgram.Of(new(2, [after, after], [0]) { First = before, ForgetsOldForm = true }), FailureKind.Assertion);
        Assert.NotEmpty(result.Failure!.Message);
    }

    private static void RunAll(AdaptiveScript script)
    {
        ExplorationResult result = Explorer.Explore(AdaptiveLogProgram.Of(script)).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
