using RingKit.Mmu.HashTable;

namespace RingKit.Properties.HashTable.Model;

/// <summary>How a <see cref="HashProgram"/> begins.</summary>
internal sealed record HashPlan
{
    public static HashPlan Default { get; } = new();

    public HashTableEra Era { get; init; } = HashTableEra.Current;

    /// <summary>How many of the addresses, from the first on, have an entry from the start.</summary>
    public int Entered { get; init; } = 2;

    /// <summary>Whether the host has taken page 0 away after that.</summary>
    public bool IsPagedOut { get; init; }

    /// <summary>Whether the slot is logged from the start.</summary>
    public bool Logs { get; init; } = true;

    /// <summary>Whether it is logged by faults.</summary>
    public bool LogsByFaults { get; init; }

    /// <summary>Whether processors keep C until they drop the translation.</summary>
    public bool DelaysChanged { get; init; }

    /// <summary>Past bugs that are back.</summary>
    public HashTableDefects Defects { get; init; }

    public override string ToString() =>
        this == Default ? "" : $"{Era}, {Entered} entered{(IsPagedOut ? ", paged out" : "")}{(Logs ? "" : ", no log")}{(LogsByFaults ? ", by faults" : "")}{(DelaysChanged ? ", late C" : "")}{(Defects == HashTableDefects.None ? "" : $", {Defects}")}: ";
}
