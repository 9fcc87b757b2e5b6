using System.Numerics;
using RingKit.DirtyRings.Resetting;

namespace RingKit.DirtyRings.CopyAfterReset;

/// <summary>The pages of one reset: the only way to their contents.</summary>
/// <remarks>
/// Only <see cref="TrackedMemory.Reset"/> makes one that holds pages, so a copy that comes before the reset does not compile. It does not age: a
/// store after the reset is reported by a later harvest, whenever the copy is made. Thread role: the resetter's thread.
/// </remarks>
public readonly ref struct CleanPages
{
    private readonly TrackedMemory? _memory;

    internal CleanPages(TrackedMemory memory, ReadOnlySpan<ResetBatch> batches, bool isInterrupted)
    {
        _memory = memory;
        Batches = batches;
        IsInterrupted = isInterrupted;
    }

    /// <summary>Which pages they are, as they were protected: in ring order, a page perhaps more than once.</summary>
    public ReadOnlySpan<ResetBatch> Batches { get; }

    /// <summary>Whether the reset was cancelled, or its target threw, with harvested entries left: reset again.</summary>
    public bool IsInterrupted { get; }

    /// <summary>Hands every page and its contents to a sink.</summary>
    /// <param name="sink">Takes the pages. If it throws, all of them can be copied once more.</param>
    /// <returns>How many pages it took. A page of a slot that the memory does not hold is passed over.</returns>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">The memory is disposed.</exception>
    public ulong CopyTo<TSink>(ref TSink sink)
        where TSink : struct, ICleanPageSink, allows ref struct
    {
        ulong count = 0;
        foreach (ResetBatch batch in Batches)
        {
            for (ulong rest = batch.Mask; rest != 0; rest &= rest - 1)
            {
                ulong offset = batch.BaseOffset + (uint)BitOperations.TrailingZeroCount(rest);
                if (!_memory!.TryRead(batch.Slot, offset, out ReadOnlySpan<byte> contents))
                    continue;
                sink.Accept(batch.Slot, offset, contents);
                count++;
            }
        }

        return count;
    }
}
