using System.Runtime.CompilerServices;

namespace RingKit.DirtyRings.Resetting;

/// <summary>
/// Joins neighbouring dirty entries of a slot, in the order in which they come, into batches of one base and a 64-bit mask.
/// </summary>
/// <remarks>
/// The rule is that of Linux's KVM_RESET_DIRTY_RINGS as it stands since 2026: greedy, one batch at a time, growing upward within 64 pages
/// of the base and downward as long as no page falls out at the top. <c>default</c> is empty. One thread at a time.
/// </remarks>
public struct ResetCoalescer
{
    private uint _slot;
    private ulong _base;
    private ulong _mask;

    /// <summary>Whether no entry was added since the start.</summary>
    public readonly bool IsEmpty => _mask == 0;

    /// <summary>The batch so far.</summary>
    public readonly ResetBatch Batch => new(_slot, _base, _mask);

    /// <summary>Adds an entry to the batch, if it fits.</summary>
    /// <param name="slot">Compared as a whole, address space included.</param>
    /// <param name="offset">Any value.</param>
    /// <returns>False if it does not fit, or there is no batch: apply the batch and <see cref="Restart"/> with this entry.</returns>
    // Inlined, so that a batch grows in registers: in memory each entry would wait for the store of the one before.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(uint slot, ulong offset)
    {
        if (slot != _slot || _mask == 0)
            return false;

        // Distances modulo 2^64: offsets are whatever the other side wrote.
        ulong above = offset - _base;
        if (above < 64)
        {
            _mask |= 1UL << (int)above;
            return true;
        }

        ulong below = 0 - above;
        if (below < 64 && (_mask << (int)below) >> (int)below == _mask)
        {
            _base = offset;
            _mask = (_mask << (int)below) | 1;
            return true;
        }

        return false;
    }

    /// <summary>Starts a new batch of one entry.</summary>
    /// <param name="slot">The batch's slot.</param>
    /// <param name="offset">The batch's first page.</param>
    public void Restart(uint slot, ulong offset)
    {
        _slot = slot;
        _base = offset;
        _mask = 1;
    }
}
