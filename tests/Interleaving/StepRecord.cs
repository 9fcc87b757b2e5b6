using System.Runtime.Intrinsics;

namespace RingKit.Interleaving;

/// <summary>One step of an execution, with what the search needs to know about it.</summary>
internal struct StepRecord
{
    public int Thread;
    public int Clock;
    public OperationKind Kind;
    public Location? Location;

    /// <summary>How far from the end of the modification order the store lies that it read, or after which it stored.</summary>
    public int Distance;

    /// <summary>Loads: the oldest store that the step could have read.</summary>
    public StoreRecord? Floor;

    public StoreRecord? Written;

    /// <summary>A compare-exchange that found something else: a load, which another read-modify-write may have kept from succeeding.</summary>
    public bool Refuses;

    /// <summary>A part of a process-wide fence: the thread into which it put a fence; else -1.</summary>
    public int Fenced;

    /// <summary>The last fence that another thread put between this step and the thread's step before, or -1.</summary>
    public int FencedBy;

    /// <summary>What the step depends on without what it read itself, and without its place among the fences.</summary>
    public Vector128<int> CauseBefore;

    /// <summary>With <see cref="Fenced"/>: the same without the fenced thread's steps.</summary>
    public Vector128<int> CauseBeforeFencing;

    /// <summary>With <see cref="FencedBy"/>: the same without that fence.</summary>
    public Vector128<int> CauseBeforeFenced;

    /// <summary>All that the step depends on, itself included.</summary>
    public Vector128<int> Cause;
}
