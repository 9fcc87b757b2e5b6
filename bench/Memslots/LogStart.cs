using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using static System.FormattableString;

namespace RingKit.Bench.Memslots;

/// <summary>Starting the log: everything protected at once, against all pages set and the protection left to clears of 1 GiB.</summary>
internal sealed class LogStart(bool isQuick)
{
    private const ManualProtect InitiallySet = ManualProtect.Enabled | ManualProtect.InitiallySet;
    private const ulong Gibibyte = 1ul << 30;
    private const uint ChunkPages = 1u << 18;

    private readonly int _rounds = isQuick ? 1 : 5;

    public void Write(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("| start of the log | mapped in | protect all | a leaf | initially set | ratio | with a new bitmap | all clears of 1 GiB | the longest |");
        output.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (ulong gibibytes in isQuick ? (ulong[])[1] : [1, 16, 64])
        {
            Measure(output, gibibytes, isPages: true);
            Measure(output, gibibytes, isPages: false);
        }
    }

    private void Measure(TextWriter output, ulong gibibytes, bool isPages)
    {
        using var guest = new LoggedGuest(gibibytes * Gibibyte, new Stage2Options());
        guest.MapBlocks();
        if (isPages)
            guest.SplitAll();
        ulong pagesApart = isPages ? 1ul : 512, leaves = guest.Pages / pagesApart;
        byte[] ones = [.. Enumerable.Repeat((byte)0xFF, (int)ChunkPages / 8)];
        List<double> protects = [], starts = [], fresh = [], clears = [], longest = [];

        // One round to warm up.
        for (int round = -1; round < _rounds; round++)
        {
            guest.Log.ManualProtect = ManualProtect.None;
            double protect = Timing.Of(guest.Start);
            if (guest.Hypervisor.Table.Walk(guest.Slot.BaseIpa + guest.Slot.Size - 1).Descriptor.IsWritable)
                throw new InvalidOperationException("The start protected nothing.");
            guest.Stop();
            guest.Relax(0, guest.Pages, pagesApart);

            guest.Log.ManualProtect = InitiallySet;
            double start = Timing.Of(guest.Start);
            double[] chunks = new double[guest.Pages / ChunkPages];
            for (int chunk = 0; chunk < chunks.Length; chunk++)
                chunks[chunk] = Timing.Of(() => guest.Clear((ulong)chunk * ChunkPages, ChunkPages, ones));
            guest.Stop();
            guest.Relax(0, guest.Pages, pagesApart);

            // Memory that was never touched, as in KVM, which allocates the bitmap when the log starts.
            using var log = new MemslotLog<HardwareOrdering>(guest.Pages, new MemslotLogOptions { ManualProtect = InitiallySet });
            double first = Timing.Of(() => guest.Start(log));
            guest.Stop();
            if (round < 0)
                continue;
            fresh.Add(first);
            protects.Add(protect);
            starts.Add(start);
            clears.Add(chunks.Sum());
            longest.Add(chunks.Max());
        }

        double all = Timing.Median(protects), initially = Timing.Median(starts);
        output.WriteLine(Invariant(
            $"| {gibibytes} GiB | {(isPages ? "4 KiB" : "2 MiB")} | {all / 1e6:0.000} ms | {all / leaves:0.00} ns | {initially / 1e3:0.00} us | {all / initially:0} | {Timing.Median(fresh) / 1e3:0.00} us | {Timing.Median(clears) / 1e6:0.00} ms | {Timing.Median(longest) / 1e6:0.000} ms |"));
    }
}
