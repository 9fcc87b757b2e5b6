using RingKit.Mmu;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Ordering;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>Faults side by side, while another thread walks.</summary>
public sealed class Stage2Threads
{
    private const int Blocks = 16, Threads = 4, Rounds = 20;

    [Fact]
    public void Threads_that_split_and_map_the_same_pages_count_every_reference_once()
    {
        for (int round = 0; round < Rounds; round++)
        {
            using var machine = new Stage2Machine(cache: 1);
            for (ulong i = 0; i < Blocks; i += 2)
                Assert.Equal(Errno.None, machine.Map(i * Block, 2, i * Block, ReadOnly));

            int wrong = 0;
            Thread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new Thread(() =>
            {
                if (!Fault(machine, seed: (round * Threads) + number))
                    wrong = 1;
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            Assert.Equal(0, wrong);
            machine.CheckReferences();
        }
    }

    // All output addresses equal their IPA, so that any walk can be checked.
    private static bool Fault(Stage2Machine machine, int seed)
    {
        var random = new Random(seed);
        var thread = default(QuietThread);
        using var cache = new TableCache<HardwareOrdering>(machine.Table.Pool, 4);
        for (int i = 0; i < 2000; i++)
        {
            ulong ipa = (ulong)random.Next(Blocks * 512) * Page;
            if (cache.TopUp(2) != Errno.None)
                return false;
            Errno error = random.Next(4) switch
            {
                0 => machine.Table.Split(ref thread, ipa, cache),
                1 => machine.Table.Relax(ref thread, ipa, Stage2Protection.Write),
                2 => machine.Table.SetYoung(ref thread, ipa),
                _ => machine.Table.Map(ref thread, ipa, 3, ipa, ReadOnly, cache),
            };
            Stage2Walk walk = machine.Table.Walk(ipa);
            if (error is not (Errno.None or Errno.Again) || (walk.IsMapped && walk.OutputAddress(ipa) != ipa))
                return false;
        }

        return true;
    }
}
