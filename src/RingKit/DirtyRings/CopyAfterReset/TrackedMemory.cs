using RingKit.DirtyRings.Resetting;
using RingKit.Memory;

namespace RingKit.DirtyRings.CopyAfterReset;

/// <summary>
/// Guest memory whose pages can only be read after they were harvested and reset: whoever copies it is handed this, and not the memory itself.
/// </summary>
/// <remarks>
/// Harvest, reset, copy: with the last two exchanged, a store between them is in no copy and in no report. Here the copy needs the
/// <see cref="CleanPages"/> that only the reset hands out, and the reset takes only what was harvested. Thread role: the resetter's
/// thread. Memory from <see cref="NativeView.DangerousCreate"/> is kept alive by its caller.
/// </remarks>
public sealed class TrackedMemory : IDisposable
{
    private readonly Dictionary<uint, NativeView<byte>> _slots = [];
    private readonly List<NativeLease> _leases = [];
    private bool _disposed;

    /// <summary>Wraps the memory of some slots.</summary>
    /// <param name="pageSize">Bytes of a page, at least 1.</param>
    /// <param name="slots">Each slot's memory: whole pages, and less than 2 GiB a page.</param>
    /// <exception cref="ArgumentNullException">There are no slots.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The page size is less than 1.</exception>
    /// <exception cref="ArgumentException">A slot comes twice, or is no whole number of pages.</exception>
    public TrackedMemory(int pageSize, IEnumerable<(uint Slot, NativeView<byte> Memory)> slots)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageSize, 1);
        ArgumentNullException.ThrowIfNull(slots);
        PageSize = pageSize;
        foreach ((uint slot, NativeView<byte> memory) in slots)
        {
            if (memory.Length % (uint)pageSize != 0)
                throw new ArgumentException($"Slot {slot:x} has {memory.Length} bytes, which are not whole pages of {pageSize}.", nameof(slots));
            if (!_slots.TryAdd(slot, memory))
                throw new ArgumentException($"Slot {slot:x} comes more than once.", nameof(slots));
            _leases.Add(memory.Lease());
        }
    }

    /// <summary>Bytes of a page.</summary>
    public int PageSize { get; }

    /// <summary>Resets harvested entries, has all vCPUs follow, and hands out their pages to be copied.</summary>
    /// <param name="resetter">The resetting end of any dirty ring.</param>
    /// <param name="target">
    /// The memory slots. If it throws before any page was protected, so does this; else the result is one that was interrupted, and the next
    /// reset meets the entry again.
    /// </param>
    /// <param name="room">Keeps the batches. Its length is the most entries that are reset, so that no batch lacks room.</param>
    /// <param name="policy">What becomes of a batch that leaves its slot.</param>
    /// <param name="cancellation">Looked at before each batch.</param>
    /// <returns>The pages that this reset has protected, and no others.</returns>
    /// <typeparam name="TResetter">The resetter's type.</typeparam>
    /// <typeparam name="TTarget">The target's type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">There is no such policy.</exception>
    /// <exception cref="ObjectDisposedException">The memory or the ring is disposed.</exception>
    public CleanPages Reset<TResetter, TTarget>(
        TResetter resetter,
        ref TTarget target,
        Span<ResetBatch> room,
        OutOfRangePolicy policy = OutOfRangePolicy.RefusePages,
        CancellationToken cancellation = default)
        where TResetter : struct, IDirtyRingResetter
        where TTarget : struct, IPageProtection
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var recording = new RecordingTarget<TTarget>(ref target, room);
        bool interrupted;
        try
        {
            interrupted = resetter.Reset(ref recording, room.Length, policy, cancellation).IsInterrupted;
        }
        catch
        {
            // What is protected already is in no ring any more: it must reach the caller. Who failed will fail again.
            if (recording.Count == 0)
                throw;
            interrupted = true;
        }

        if (recording.Count != 0)
            target.Invalidate();
        return new CleanPages(this, room[..recording.Count], interrupted);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        foreach (NativeLease lease in _leases)
            lease.Dispose();
    }

    internal bool TryRead(uint slot, ulong offset, out ReadOnlySpan<byte> contents)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        contents = default;
        if (!_slots.TryGetValue(slot, out NativeView<byte> memory) || offset >= memory.Length / (uint)PageSize)
            return false;

        contents = memory.Slice((nuint)offset * (uint)PageSize, (nuint)PageSize).AsSpan();
        return true;
    }
}
