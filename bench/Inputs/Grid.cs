namespace RingKit.Bench.Inputs;

/// <summary>How much of the large grids is run: all of it, or with <c>--quick</c> a few points that show its shape.</summary>
/// <remarks>Kept in an environment variable, since BenchmarkDotNet measures in processes of its own.</remarks>
internal static class Grid
{
    public const string QuickSwitch = "--quick";

    private const string Variable = "RINGKIT_BENCH_QUICK";

    public static bool IsQuick => Environment.GetEnvironmentVariable(Variable) is "1";

    public static void ChooseQuick() => Environment.SetEnvironmentVariable(Variable, "1");
}
