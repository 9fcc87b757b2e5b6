using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.HashTable;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable.Machine;

/// <summary>
/// vCPUs that store counters, change the table by hypercalls and have pages zeroed and copied, while pages go out, the table is replaced, the log is started anew and
/// a harvester copies what is dirty: at the end the copy is the memory, every counter is as its vCPU left it, and chains and locks are whole.
/// </summary>
[Collection(RunAlone.Name)]
public sealed class HashMachineStress
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(LongRun.IsOn ? 30 : 0.4);

    [Theory]
    [InlineData(HashTableLogMethod.Walk, HashTableEra.Current, 12, 12, false)]
    [InlineData(HashTableLogMethod.Walk, HashTableEra.ChangedBit, 16, 16, true)]
    [InlineData(HashTableLogMethod.Walk, HashTableEra.ChangedOrder, 12, 16, false)]
    [InlineData(HashTableLogMethod.Sweep, HashTableEra.Current, 12, 16, true)]
    [InlineData(HashTableLogMethod.Sweep, HashTableEra.ChangedBit, 12, 12, false)]
    [InlineData(HashTableLogMethod.Sweep, HashTableEra.ChangedOrder, 12, 16, true)]
    [InlineData(HashTableLogMethod.Cheapest, HashTableEra.Current, 16, 16, false)]
    [InlineData(HashTableLogMethod.Cheapest, HashTableEra.ChangedOrder, 12, 12, true)]
    [InlineData(HashTableLogMethod.Faults, HashTableEra.Current, 12, 12, true)]
    [InlineData(HashTableLogMethod.Faults, HashTableEra.Current, 12, 16, false)]
    [InlineData(HashTableLogMethod.Faults, HashTableEra.ChangedBit, 16, 16, false)]
    public void A_copy_kept_up_to_date_by_harvests_is_the_memory(HashTableLogMethod method, HashTableEra era, int pageShift, int guestShift, bool delaysChanged)
    {
        int seed = Environment.TickCount;
        var options = new HashTableOptions
        {
            Order = HptGeometry.MinimumOrder,
            PageShift = pageShift,
            BackingShift = guestShift,
            GuestPageSize = new HptePageSize(guestShift, guestShift),
            Era = era,
            DelaysChanged = delaysChanged,
            Isa30 = seed % 2 == 0,
        };
        using var life = new MachineLife(options, method, seed);
        string name = $"{method}, {era}, host 2^{pageShift}, guest 2^{guestShift}{(delaysChanged ? ", late C" : "")}{(options.Isa30 ? ", ISA 3.0" : "")}, seed {seed}";
        try
        {
            life.Run(Duration);
        }
        catch
        {
            Report.Line($"{name} failed: {life}");
            throw;
        }

        Report.Line($"{name}: {life}");
    }
}
