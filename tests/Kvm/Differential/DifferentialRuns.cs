using RingKit.Properties;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>How many programs; with <c>RINGKIT_LONG=1</c> as many as take an hour. RINGKIT_MAXTEST and RINGKIT_SEED cut that into slices.</summary>
internal static class DifferentialRuns
{
    public static int OfRings => LongRun.IsOn ? 12_000 : 300;

    public static int OfBitmaps => LongRun.IsOn ? 8000 : 200;

    /// <summary>Programs that fill rings take longer: the guest waits between two stores.</summary>
    public static int OfFullRings => LongRun.IsOn ? 1000 : 20;
}
