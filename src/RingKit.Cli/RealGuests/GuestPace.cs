using System.Diagnostics;
using RingKit.Kvm;
using RingKit.Kvm.Guests;

namespace RingKit.Cli.RealGuests;

/// <summary>How fast a real guest stores: by the turns of the empty loop between its stores.</summary>
internal static class GuestPace
{
    private const ulong Stores = 100;
    private const int LongTurns = 20 * GuestStores.SafeTurns;
    private const int Repeats = 3;

    /// <summary>With how many turns a vCPU makes so many stores a second; the fewest that are safe where it is slower than that with them.</summary>
    /// <param name="guest">The guest, which does not run, and whose log is off. Its programs are others afterwards.</param>
    /// <param name="storesPerSecond">Of a vCPU.</param>
    /// <param name="stores">What the first vCPU stores.</param>
    /// <exception cref="GuestFailedException">It did something else.</exception>
    public static int TurnsFor(StoringGuest guest, double storesPerSecond, GuestStores stores)
    {
        double shortest = SecondsPerStore(GuestStores.SafeTurns), longer = SecondsPerStore(LongTurns);
        double perTurn = (longer - shortest) / (LongTurns - GuestStores.SafeTurns), wanted = (1 / storesPerSecond) - shortest;
        return wanted <= 0 || perTurn <= 0 ? GuestStores.SafeTurns : (int)Math.Min(ushort.MaxValue, GuestStores.SafeTurns + (wanted / perTurn));

        // The best of a few: what others take from the processor is not the guest's.
        double SecondsPerStore(int turns) => Enumerable.Range(0, Repeats).Min(_ => Measure(guest, stores with { Turns = turns, Count = Stores }));
    }

    private static double Measure(StoringGuest guest, GuestStores stores)
    {
        KvmVcpu vcpu = guest.Guest.Vcpus[0];
        guest.Load(_ => stores);
        long start = Stopwatch.GetTimestamp();
        KvmExit exit;
        do
            exit = vcpu.Run();
        while (exit.Reason == KvmExitReason.Interrupted);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / Stores;
        return exit.Reason == KvmExitReason.Halted
            ? seconds
            : throw GuestFailedException.Of(new KvmException($"vCPU 0 left the guest unexpectedly: {exit}\n{vcpu.DumpRegisters()}"));
    }
}
