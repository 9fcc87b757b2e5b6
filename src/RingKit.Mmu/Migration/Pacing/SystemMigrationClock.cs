using System.Diagnostics;

namespace RingKit.Mmu.Migration.Pacing;

/// <summary>The machine's own clock.</summary>
public sealed class SystemMigrationClock : IMigrationClock
{
    // What one wait takes.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(int.MaxValue);

    private SystemMigrationClock()
    {
    }

    /// <summary>The one that there is.</summary>
    public static SystemMigrationClock Instance { get; } = new();

    /// <inheritdoc/>
    public TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <inheritdoc/>
    public void Wait(TimeSpan time, CancellationToken cancellation)
    {
        for (; time > Longest; time -= Longest)
        {
            if (cancellation.WaitHandle.WaitOne(Longest))
                return;
        }

        cancellation.WaitHandle.WaitOne(time);
    }
}
