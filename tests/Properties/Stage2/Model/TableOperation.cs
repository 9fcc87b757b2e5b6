namespace RingKit.Properties.Stage2.Model;

/// <summary>What a thread of a <see cref="TableProgram"/> does next.</summary>
/// <param name="Action">The call.</param>
/// <param name="Address">The page, or whose block is meant: from 0 to 2.</param>
internal readonly record struct TableOperation(TableAction Action, int Address = 0)
{
    public static TableOperation Protect => new(TableAction.Protect);

    public static TableOperation Age => new(TableAction.Age);

    public static TableOperation Refill => new(TableAction.Refill);

    public bool IsAccess => Action is TableAction.Load or TableAction.Store;

    /// <summary>Whether it maps a frame of its own.</summary>
    public bool Maps => Action is TableAction.Map or TableAction.MapBlock;

    public static TableOperation Load(int address) => new(TableAction.Load, address);

    public static TableOperation Store(int address) => new(TableAction.Store, address);

    public static TableOperation Map(int address) => new(TableAction.Map, address);

    public static TableOperation MapBlock(int address) => new(TableAction.MapBlock, address);

    public static TableOperation Relax(int address) => new(TableAction.Relax, address);

    public static TableOperation SetYoung(int address) => new(TableAction.SetYoung, address);

    public static TableOperation Split(int address) => new(TableAction.Split, address);

    public static TableOperation Collapse(int address) => new(TableAction.Collapse, address);

    public static TableOperation Unmap(int address) => new(TableAction.Unmap, address);

    public override string ToString() => $"{Action} {Address}";
}
