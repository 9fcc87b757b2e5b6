namespace RingKit.Properties.Support;

/// <summary>How many bytes some work allocates on the calling thread.</summary>
internal static class Allocated
{
    private const int Tries = 5;

    /// <summary>
    /// Runs the work once to warm up, and then until it allocates nothing or a few tries are used up: a collection that another thread starts
    /// meanwhile shifts this thread's counter by what was left of its allocation buffer, but what the work itself allocates is there
    /// every time.
    /// </summary>
    public static long By(Action work)
    {
        work();
        long least = long.MaxValue;
        for (int i = 0; i < Tries && least != 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
