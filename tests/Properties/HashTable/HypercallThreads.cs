using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>Hypercalls of several vCPUs at once, on few entries and few pages: nobody waits for ever, and the chains hold together.</summary>
public sealed class HypercallThreads
{
    private const int Threads = 4;
    private const int CallsEach = 20_000;
    private const int Entries = 12;
    private const int Pages = 3;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void Threads_that_lock_the_same_entries_in_any_order_all_come_through()
    {
        foreach (HashTableEra era in (HashTableEra[])[HashTableEra.ChangedOrder, HashTableEra.Current])
        {
            using var scenario = new HashScenario(HashScenario.SmallOptions(era), slotPages: 256);
            var crew = new Crew(Deadline);
            crew.Run([.. Enumerable.Range(0, Threads).Select(id => ($"vCPU {id}", (Action)(() =>
            {
                var thread = new HostThread(crew);
                var random = new Random(20111231 + id);
                ulong[] registers = new ulong[8];
                for (int i = 0; i < CallsEach; i++)
                {
                    ulong number = Fill(random, registers);
                    scenario.Core.Invoke(ref thread, number, registers);
                }
            })))]);
            scenario.CheckLocksAreFree();
            scenario.CheckChains();
        }
    }

    private static ulong Fill(Random random, ulong[] registers)
    {
        ulong index = (ulong)random.Next(Entries);
        switch (random.Next(8))
        {
            case 0 or 1 or 2:
                registers[0] = random.Next(2) == 0 ? HypercallFlags.Exact : 0;
                registers[1] = index;
                registers[2] = 0x1000;
                registers[3] = ((ulong)random.Next(Pages) << 12) | 0x192;
                return Hypercall.Enter;
            case 3 or 4:
                for (int i = 0; i < registers.Length; i += 2)
                    registers[i] = (1UL << 62) | (uint)random.Next(Entries);
                return Hypercall.BulkRemove;
            case 5:
                registers[0] = (ulong)random.Next(4);
                registers[1] = index;
                return Hypercall.Protect;
            case 6:
                registers[0] = 0;
                registers[1] = index;
                return random.Next(2) == 0 ? Hypercall.ClearModified : Hypercall.ClearReferenced;
            default:
                registers[0] = 0;
                registers[1] = index;
                return Hypercall.Remove;
        }
    }

    // No vCPU translates by the table here; a tlbie is a moment in which others come in between.
    private struct HostThread(Crew crew) : IHostThread
    {
        private int _rounds;

        public void Relax() => crew.Idle(ref _rounds, "a lock");

        public readonly void Tlbie(scoped ReadOnlySpan<ulong> indices) => Thread.Yield();
    }
}
