using System.Diagnostics;

namespace RingKit.Bench.TwoThreads.Running;

/// <summary>Threads that start together, each on a core of its own as far as there are enough, and the time until the last has ended.</summary>
internal static class Crew
{
    // A queue that loses an item leaves its receiver waiting for ever: that is a failure, not a slow run.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static readonly int[] Cores = NativeThread.AllowedCores();

    /// <summary>How many cores the threads are dealt out to.</summary>
    public static int CoreCount => Math.Max(Cores.Length, 1);

    /// <summary>Whether every thread so far could be pinned.</summary>
    public static bool IsPinned { get; private set; } = Cores.Length != 0;

    /// <summary>The core of a role; role 0 is on the first core, role 1 on the second, and so on round.</summary>
    public static int CoreOf(int role) => Cores.Length != 0 ? Cores[role % Cores.Length] : 0;

    /// <summary>Runs the roles in the order of the cores that they are dealt out to.</summary>
    public static CrewTime Run(params Action[] roles)
    {
        var gate = new Gate(roles.Length);
        long[] starts = new long[roles.Length];
        long[] ends = new long[roles.Length];
        long switches = 0;
        Exception? failure = null;
        var threads = new Thread[roles.Length];
        for (int i = 0; i < roles.Length; i++)
        {
            int role = i;
            threads[role] = new Thread(() =>
            {
                try
                {
                    if (!NativeThread.PinTo(CoreOf(role)))
                        IsPinned = false;
                    gate.Enter();
                    long before = NativeThread.Switches();
                    starts[role] = Stopwatch.GetTimestamp();
                    roles[role]();
                    ends[role] = Stopwatch.GetTimestamp();
                    Interlocked.Add(ref switches, NativeThread.Switches() - before);
                }
                catch (Exception exception)
                {
                    Volatile.Write(ref failure, exception);
                }
            })
            { IsBackground = true };
            threads[role].Start();
        }

        long deadline = Stopwatch.GetTimestamp() + (long)(Patience.TotalSeconds * Stopwatch.Frequency);
        foreach (Thread thread in threads)
        {
            while (!thread.Join(TimeSpan.FromMilliseconds(100)))
            {
                if (Volatile.Read(ref failure) is { } early)
                    throw new InvalidOperationException("A thread failed.", early);
                if (Stopwatch.GetTimestamp() > deadline)
                    throw new TimeoutException($"The threads did not end within {Patience.TotalSeconds} s: an item was lost.");
            }
        }

        return failure is null
            ? new CrewTime(Stopwatch.GetElapsedTime(starts.Min(), ends.Max()), switches)
            : throw new InvalidOperationException("A thread failed.", failure);
    }

    /// <summary>Opens when all have come. It gives the core away while it waits: there may be more threads than cores.</summary>
    private sealed class Gate(int expected)
    {
        private const int Spins = 200;

        private int _missing = expected;

        public void Enter()
        {
            Interlocked.Decrement(ref _missing);
            for (int round = 0; Volatile.Read(ref _missing) != 0; round++)
            {
                if (round < Spins)
                    Thread.SpinWait(1);
                else
                    Thread.Yield();
            }
        }
    }
}
