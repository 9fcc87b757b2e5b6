using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>One run.</summary>
/// <param name="Nanoseconds">Per operation.</param>
/// <param name="Switches">See <see cref="CrewTime.Switches"/>.</param>
/// <param name="IsRight">Whether the sums of what was received are those of what was sent.</param>
internal readonly record struct RunResult(double Nanoseconds, long Switches, bool IsRight)
{
    public static RunResult Of(CrewTime time, long operations, bool isRight) =>
        new(time.Elapsed.TotalNanoseconds / operations, time.Switches, isRight);
}
