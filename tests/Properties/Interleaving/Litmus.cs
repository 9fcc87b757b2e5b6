using RingKit.Interleaving;
using Xunit;

namespace RingKit.Properties.Interleaving;

/// <summary>Runs a litmus test and compares everything that comes out with everything that may.</summary>
internal static class Litmus
{
    /// <summary>The outcomes are exactly these: no other is possible, and each of them is.</summary>
    public static ExplorationResult Allows(ModelProgram program, params string[] outcomes)
    {
        ExplorationResult reduced = Explorer.Explore(program).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(reduced.ToString());
        Assert.True(reduced.IsComplete);
        Assert.Equal(outcomes.Order(StringComparer.Ordinal), reduced.Outcomes.Keys, StringComparer.Ordinal);

        ExplorationResult full = Explorer.Explore(program, new ExplorationOptions { Reduction = Reduction.None });
        TestContext.Current.TestOutputHelper?.WriteLine($"without reduction: {full}");
        full.ThrowIfFailed();
        Assert.Equal(reduced.Outcomes.Keys, full.Outcomes.Keys, StringComparer.Ordinal);
        return reduced;
    }

    public static ExplorationResult Fails(ModelProgram program, FailureKind kind, ExplorationOptions? options = null)
    {
        ExplorationResult result = Explorer.Explore(program, options);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString() + "\n" + result.Failure);
        Assert.NotNull(result.Failure);
        Assert.Equal(kind, result.Failure.Kind);
        return result;
    }
}
