using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Mmu.HashTable;
using RingKit.Properties.Interleaving;
using static RingKit.Properties.HashTable.Model.HashOperation;

namespace RingKit.Properties.HashTable.Model;

/// <summary>The hashed page table: one page with two entries, processors that store, and who takes entries and pages away.</summary>
internal sealed class ExploredHashTable : ExploredStructure
{
    private static readonly HashPlan OneEntry = new() { Entered = 1 };

    public override string Name => "hashed page table";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        // E43: what H_PROTECT stored is in what H_REMOVE answers. E46: both take an entry out of one chain.
        HashProgram.Of(OneEntry, [Protect(0)], [Remove(0)]),
        HashProgram.Of([Remove(0)], [Remove(1)]),
        HashProgram.Of(OneEntry, [Remove(0)], [Enter(2)]),

        // E44: another entry in the place of the first, with another page.
        HashProgram.Of(OneEntry, [Remove(0), Enter(2)], [Store(2)]),

        // E45, E6: a store and its C against a removal, and a store behind it.
        HashProgram.Of(OneEntry, [Store(0), Store(0)], [Remove(0)]),

        // E4: C of an entry that goes during the harvest. E60: the harvest passes over it as gone.
        HashProgram.Of(OneEntry, [Store(0), Remove(0)], [Walk]),
        HashProgram.Of(OneEntry, [Store(0), Sweep], [Remove(0)]),
        HashProgram.Of(OneEntry, [Store(0), FilteredWalk], [Remove(0)]),

        // E47: the page goes while an entry comes.
        HashProgram.Of(new HashPlan { Entered = 0 }, [Enter(0)], [PageOut]),
        HashProgram.Of(new HashPlan { Entered = 0 }, [PageOut], [Share]),

        // E44 again: an entry on its way to writable, against a harvest that makes read-only.
        HashProgram.Of(OneEntry with { LogsByFaults = true }, [StoreOrFault(0)], [Walk]),

        // E7: logging starts while C goes to the record, or not.
        HashProgram.Of(OneEntry with { Logs = false }, [Store(0), Remove(0)], [Start]),
    ];

    public override Gen<ModelProgram> Programs =>
        from stores in Many(2, Gen.Choose(0, 2).Select(Store))
        from guest in Many(2, Hypercall)
        from host in Many(2, Gen.Elements(Walk, FilteredWalk, Sweep, PageOut, Share, new HashOperation(HashAction.Age)))
        from shape in Gen.Choose(0, 3)
        from era in Gen.Elements(HashTableEra.Current, HashTableEra.Current, HashTableEra.ChangedOrder, HashTableEra.ChangedBit)
        from isLate in Gen.Elements(false, true)
        let plan = new HashPlan { Era = era, DelaysChanged = isLate }
        select (ModelProgram)(shape switch
        {
            0 => HashProgram.Of(plan, stores, host),
            1 => HashProgram.Of(plan, [.. stores, .. guest], host),
            2 => HashProgram.Of(plan, [.. stores, .. guest], [host[0], Resize]),
            _ => HashProgram.Of(plan, stores, [guest[0]], [host[0]]),
        });

    private static Gen<HashOperation> Hypercall =>
        from action in Gen.Elements(
            HashAction.Remove, HashAction.Remove, HashAction.Enter, HashAction.Protect, HashAction.ClearModified, HashAction.ClearReferenced, HashAction.BulkRemove,
            HashAction.PageInit)
        from address in Gen.Choose(0, action is HashAction.BulkRemove ? 1 : 2)
        select new HashOperation(action, address);

    private static Gen<HashOperation[]> Many(int most, Gen<HashOperation> one) =>
        from count in Gen.Choose(1, most)
        from operations in one.ArrayOf(count)
        select operations;
}
