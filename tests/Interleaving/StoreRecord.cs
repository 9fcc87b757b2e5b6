using System.Runtime.Intrinsics;

namespace RingKit.Interleaving;

/// <summary>One store in the history of a location, and what a load that reads it learns.</summary>
internal sealed class StoreRecord
{
    public ulong Value;

    /// <summary>The step of the execution that made it; -1 for what the location held before the threads began.</summary>
    public int Step;

    public int Writer;

    /// <summary>Part of a read-modify-write: no other store may come between it and the one before it.</summary>
    public bool IsReadModifyWrite;

    /// <summary>
    /// For each thread, its first step that wrote this store or read it. Whoever knows of such a step can't read an older store.
    /// </summary>
    public Vector128<int> SeenBy;

    /// <summary>What an acquire load of this store synchronises with: the happens-before clock of the release.</summary>
    public Vector128<int> ReleasedHappensBefore;

    /// <summary>The same for the view, which full fences widen beyond happens-before.</summary>
    public Vector128<int> ReleasedView;

    /// <summary>Everything that the store depends on through program order, reads-from and fences, synchronising or not.</summary>
    public Vector128<int> Cause;
}
