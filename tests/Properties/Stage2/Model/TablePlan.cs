namespace RingKit.Properties.Stage2.Model;

/// <summary>How a <see cref="TableProgram"/> begins.</summary>
internal sealed record TablePlan
{
    public static TablePlan Empty { get; } = new();

    public static TablePlan Block { get; } = new() { Mapped = TableAction.MapBlock };

    public static TablePlan Page { get; } = new() { Mapped = TableAction.Map };

    public static TablePlan Pages { get; } = new() { Mapped = TableAction.Split };

    /// <summary>What is mapped at address 0 from the start: a block, a page, a block that was split, or nothing.</summary>
    public TableAction? Mapped { get; init; }

    /// <summary>Whether what is mapped may be written.</summary>
    public bool IsWritable { get; init; }

    /// <summary>How many tables each thread's cache holds from the start.</summary>
    public int Ready { get; init; } = 1;

    /// <summary>How many more there are.</summary>
    public int Spare { get; init; }

    public override string ToString() => $"{(Mapped is { } mapped ? mapped : "nothing")}{(IsWritable ? ", writable" : "")}, {Ready} ready, {Spare} spare: ";
}
