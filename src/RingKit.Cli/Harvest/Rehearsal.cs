using System.Runtime;

namespace RingKit.Cli.Harvest;

/// <summary>Runs before those that count, so that the first cells' times are not those of the JIT compiler.</summary>
internal static class Rehearsal
{
    private const int Most = 10;

    private static readonly TimeSpan TimeForCompiler = TimeSpan.FromMilliseconds(150);

    /// <summary>How long each log rehearses at a time.</summary>
    public static TimeSpan TimeOfLog { get; } = TimeSpan.FromMilliseconds(15);

    /// <summary>Does it until the compiler has nothing more to do.</summary>
    /// <param name="act">What is rehearsed.</param>
    /// <param name="cancellation">Shortens the waiting.</param>
    public static void Repeat(Action act, CancellationToken cancellation)
    {
        long compiled = -1;
        for (int i = 0; i < Most && JitInfo.GetCompiledMethodCount() != compiled; i++)
        {
            compiled = JitInfo.GetCompiledMethodCount();
            act();
            cancellation.WaitHandle.WaitOne(TimeForCompiler);
        }
    }
}
