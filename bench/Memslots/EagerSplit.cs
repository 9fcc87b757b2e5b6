using RingKit.Mmu.Stage2.Hypervisor;
using static System.FormattableString;

namespace RingKit.Bench.Memslots;

/// <summary>Blocks that are split ahead of stores against blocks that a store dissolves: where the time goes, and the faults.</summary>
internal sealed class EagerSplit(bool isQuick)
{
    private readonly ulong _bytes = isQuick ? 1ul << 26 : 1ul << 30;
    private readonly int _rounds = isQuick ? 1 : 5;

    public void Write(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("| a block of 2 MiB, then | split | start | the guest's time | both | faults | of them translation | invalidations |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        Measure(output, "1 store", (guest, page) => guest.Store(page));
        Measure(output, "1 store, 511 loads", (guest, page) =>
        {
            guest.Store(page);
            for (ulong i = 1; i < 512; i++)
                guest.Load(page + i);
        });
        Measure(output, "512 stores", (guest, page) =>
        {
            for (ulong i = 0; i < 512; i++)
                guest.Store(page + i);
        });
        Measure(output, "512 loads", (guest, page) =>
        {
            for (ulong i = 0; i < 512; i++)
                guest.Load(page + i);
        });
    }

    private void Measure(TextWriter output, string name, Action<LoggedGuest, ulong> accesses)
    {
        foreach ((string split, ulong chunk) in ((string, ulong)[])[("on fault", 0), ("eager, 2 MiB", 1ul << 21), ("eager, 1 GiB", 1ul << 30)])
        {
            List<double> starts = [], guests = [];
            Stage2FaultCounts faults = default;
            ulong invalidations = 0;
            for (int round = -1; round < _rounds; round++)
            {
                using var guest = new LoggedGuest(_bytes, new Stage2Options { EagerSplitChunk = chunk });
                guest.MapBlocks();
                double start = Timing.Of(guest.Start);
                double run = Timing.Of(() =>
                {
                    for (ulong block = 0; block < guest.Blocks; block++)
                        accesses(guest, block * 512);
                });
                if (round < 0)
                    continue;
                starts.Add(start / guest.Blocks);
                guests.Add(run / guest.Blocks);
                faults = guest.Faults;
                invalidations = guest.Invalidations - 1;
            }

            double blocks = _bytes / (double)LoggedGuest.Block, atStart = Timing.Median(starts), inGuest = Timing.Median(guests);
            output.WriteLine(Invariant(
                $"| {name} | {split} | {atStart:0} ns | {inGuest:0} ns | {atStart + inGuest:0} ns | {(faults.Permission + faults.Translation) / blocks:0} | {faults.Translation / blocks:0} | {invalidations / blocks:0} |"));
        }
    }
}
