using RingKit.Mmu.HashTable.Harvesting;

namespace RingKit.Properties.HashTable.Model;

/// <summary>What a thread of a <see cref="HashProgram"/> does next.</summary>
/// <param name="Action">The call.</param>
/// <param name="Address">The address that is stored to, or whose entry is meant: from 0 to 2.</param>
internal readonly record struct HashOperation(HashAction Action, int Address = 0)
{
    public static HashOperation Start => new(HashAction.Start);

    public static HashOperation Walk => new(HashAction.Walk);

    public static HashOperation FilteredWalk => new(HashAction.FilteredWalk);

    public static HashOperation Sweep => new(HashAction.Sweep);

    public static HashOperation PageOut => new(HashAction.PageOut);

    public static HashOperation Share => new(HashAction.Share);

    public static HashOperation Resize => new(HashAction.Resize);

    /// <summary>Whether it is a vCPU's, whom others ask to drop translations.</summary>
    public bool IsInGuest => IsStore || Action == HashAction.Fault;

    public bool IsStore => Action is HashAction.Store or HashAction.StoreOrFault;

    public HarvestMethod? Harvest => Action switch
    {
        HashAction.Walk => HarvestMethod.Walk,
        HashAction.FilteredWalk => HarvestMethod.FilteredWalk,
        HashAction.Sweep => HarvestMethod.Sweep,
        _ => null,
    };

    public static HashOperation Store(int address) => new(HashAction.Store, address);

    public static HashOperation StoreOrFault(int address) => new(HashAction.StoreOrFault, address);

    public static HashOperation Fault(int address) => new(HashAction.Fault, address);

    public static HashOperation Remove(int address) => new(HashAction.Remove, address);

    public static HashOperation BulkRemove(int first) => new(HashAction.BulkRemove, first);

    public static HashOperation Enter(int address) => new(HashAction.Enter, address);

    public static HashOperation Protect(int address) => new(HashAction.Protect, address);

    public static HashOperation PageInit(int address) => new(HashAction.PageInit, address);

    public override string ToString() => $"{Action} {Address}";
}
