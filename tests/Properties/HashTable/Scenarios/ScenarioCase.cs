using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;

namespace RingKit.Properties.HashTable.Scenarios;

/// <summary>Where a scenario runs.</summary>
/// <param name="Era">The generation of KVM.</param>
/// <param name="Method">How the log is read.</param>
/// <param name="Defects">Past bugs that are back.</param>
internal sealed record ScenarioCase(HashTableEra Era, HarvestMethod Method, HashTableDefects Defects = HashTableDefects.None)
{
    /// <summary>X, and its virtual address: (VSID 0x123456, EA 0x10020000).</summary>
    public static VirtualAddress X { get; } = new(0x123456, 0x1002_0000, 16, IsOneTebibyteSegment: false);

    /// <summary>R of X in the guest's word, without R and C.</summary>
    public const ulong CleanR = HashScenario.R & ~HpteR.ReferencedChanged;

    /// <summary>The page of X.</summary>
    public static ulong[] PageOfX { get; } = [HashScenario.Gfn];

    /// <summary>Every era, by walk and by sweep.</summary>
    public static IEnumerable<ScenarioCase> All(HashTableDefects defects = HashTableDefects.None) =>
        from era in Enum.GetValues<HashTableEra>()
        from method in (HarvestMethod[])[HarvestMethod.Walk, HarvestMethod.Sweep]
        select new ScenarioCase(era, method, defects);

    /// <summary>Runs a scenario in all of them.</summary>
    public static void InAll(Action<ScenarioCase> scenario)
    {
        foreach (ScenarioCase at in All())
            scenario(at);
    }

    /// <summary>The options of a scenario: 64 KiB pages of the host.</summary>
    public HashTableOptions Options => HashScenario.Options(Era, Defects);

    /// <summary>A guest with an empty table and one slot of frames 0 to 4095, which logs.</summary>
    public HashScenario Guest() => new(Options);

    /// <summary>What a harvest reports.</summary>
    public ulong[] Get(HashScenario guest, bool vcpusRun = true, uint slot = 0) => guest.Get(Method, vcpusRun, slot);

    /// <summary>What stands in an rmap word of an era.</summary>
    public ulong ByEra(ulong firstTwo, ulong changedOrder, ulong current) =>
        Era switch { HashTableEra.ChangedOrder => changedOrder, HashTableEra.Current => current, _ => firstTwo };
}
