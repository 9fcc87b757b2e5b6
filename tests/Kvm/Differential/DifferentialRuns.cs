namespace RingKit.Kvm.Tests.Differential;

/// <summary>How many programs: with <c>RINGKIT_LONG=1</c> as many as take an hour.</summary>
internal static class DifferentialRuns
{
    private static readonly bool IsLong = string.Equals(Environment.GetEnvironmentVariable("RINGKIT_LONG"), "1", StringComparison.Ordinal);

    public static int Programs => IsLong ? 20_000 : 500;

    public static int FewPrograms => IsLong ? 2000 : 50;
}
