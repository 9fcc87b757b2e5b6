using System.Runtime.InteropServices;

namespace RingKit.Bench.TwoThreads.Running;

/// <summary>What .NET does not say about the calling thread, or let it choose: its core, and how often it was put aside. Linux only.</summary>
internal static unsafe partial class NativeThread
{
    private const int MaskWords = 16;
    private const int ThisThread = 1;
    private const int UsageWords = 18;
    private const int InvoluntarySwitches = 17;

    /// <summary>The cores that this process may use, or none where that cannot be had.</summary>
    public static int[] AllowedCores()
    {
        ulong* mask = stackalloc ulong[MaskWords];
        if (!OperatingSystem.IsLinux() || GetAffinity(0, MaskWords * sizeof(ulong), mask) < 0)
            return [];

        var cores = new List<int>();
        for (int core = 0; core < MaskWords * 64; core++)
        {
            if ((mask[core / 64] >> (core % 64) & 1) != 0)
                cores.Add(core);
        }

        return [.. cores];
    }

    /// <summary>Ties the calling thread to one core.</summary>
    /// <returns>False if that cannot be had.</returns>
    public static bool PinTo(int core)
    {
        ulong* mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        mask[core / 64] = 1UL << (core % 64);
        return OperatingSystem.IsLinux() && SetAffinity(0, MaskWords * sizeof(ulong), mask) == 0;
    }

    /// <summary>How often the calling thread lost its core to another one while it could have gone on, a yield included; 0 where that is not known.</summary>
    public static long Switches()
    {
        long* usage = stackalloc long[UsageWords];
        return OperatingSystem.IsLinux() && GetUsage(ThisThread, usage) == 0 ? usage[InvoluntarySwitches] : 0;
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nuint length, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint length, ulong* mask);

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, long* usage);
}
